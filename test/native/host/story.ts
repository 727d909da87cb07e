/**
 * A story that is told twice: to the virtual board, and to the host with the events that its SDK would bring at the same time.
 * Every answer must be the same.
 */
import type { Duplex } from "node:stream";
import { expect } from "vitest";
import { BoardTwin, JOIN_MS, LATENCY_MS, type TwinOptions } from "./board-twin.ts";
import { bytesOf, DATA, HostScript } from "./host-script.ts";

/** user_interface.h of the SDK: what wifi_station_get_connect_status answers. */
export const STATION = { idle: 0, connecting: 1, wrongPassword: 2, noApFound: 3, gotIp: 5 };

export const TEXT = DATA;
export const NAME = "hub";
export const PORT = 1883;

export class Story {
  readonly twin: BoardTwin;
  readonly script = HostScript.running();
  readonly expected: number[] = [];
  readonly expectedBytes: Buffer[] = [];
  peer: Duplex | undefined;

  constructor(options: TwinOptions = {}) {
    this.twin = new BoardTwin(options);
    this.twin.network.listen(NAME, PORT, (stream) => {
      this.peer = stream;
      stream.on("error", () => {});
    });
    this.script.order("tcp", "name", NAME, "found").order("wifi", "rssi", -67);
  }

  call(name: string, ...args: number[]): this {
    this.expected.push(this.twin.call(name, ...args));
    this.script.call(name, ...args);
    return this;
  }

  put(address: number, text: string | Uint8Array): this {
    this.twin.put(address, text);
    this.script.put(address, text);
    return this;
  }

  get(address: number, sizeBytes: number): this {
    this.expectedBytes.push(this.twin.get(address, sizeBytes));
    this.script.get(address, sizeBytes);
    return this;
  }

  async run(ms: number): Promise<this> {
    await this.twin.time.runFor(ms);
    this.script.order("run", ms);
    return this;
  }

  /** An event at the chip, where the virtual board has its own. */
  event(...words: (string | number)[]): this {
    this.script.order(...words);
    return this;
  }

  async joined(): Promise<this> {
    this.put(TEXT, "shop")
      .put(TEXT + 100, "secret")
      .call("net_join", TEXT, 4, TEXT + 100, 6)
      .call("net_status");
    await this.run(JOIN_MS);
    await this.event("wifi", "status", STATION.gotIp).run(2);
    return this.call("net_status").call("net_rssi").put(TEXT, NAME);
  }

  async opened(): Promise<this> {
    await this.joined();
    this.call("tcp_open", TEXT, NAME.length, PORT, 0).call("tcp_status", 0);
    await this.run(2 * LATENCY_MS + 1);
    return this.event("tcp", 0, "open").call("tcp_status", 0);
  }

  check(driver: string): ReturnType<HostScript["run"]> {
    const outcome = this.script.run(driver);
    expect(outcome.results).toEqual(this.expected);
    expect(bytesOf(outcome)).toEqual(this.expectedBytes);
    return outcome;
  }
}
