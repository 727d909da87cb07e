/**
 * Somebody at the board's serial line who gives it another Wi-Fi network (Improv, https://www.improv-wifi.com/serial/), again and
 * again until the board says that it has it. From then on the board must keep it.
 */
import type { SerialLine } from "../../runtime/board/serial-line.ts";
import type { TimeSource } from "../../runtime/board/time-source.ts";

const EVERY_MS = 2000;
const RPC = 3;
const RESULT = 4;
const SETTINGS = 1;

export interface WifiToolOptions {
  time: TimeSource;
  serial: SerialLine;
  ssid: string;
  onDone: () => void;
}

/** Starts to ask. */
export function giveWifi({ time, serial, ssid, onDone }: WifiToolOptions): void {
  const data = [ssid.length, ...Buffer.from(ssid), 0];
  const asked = packet(RPC, [SETTINGS, data.length, ...data]);
  const done = packet(RESULT, [SETTINGS, 0]);
  let heard = Buffer.alloc(0);
  let isDone = false;
  serial.onBytes = (bytes) => {
    heard = Buffer.concat([heard, bytes]);
    if (isDone || !heard.includes(done)) return;
    isDone = true;
    onDone();
  };
  const ask = (): void => {
    if (isDone) return;
    heard = heard.subarray(-done.length);
    serial.send(asked);
    time.at(EVERY_MS, ask);
  };
  ask();
}

function packet(type: number, data: readonly number[]): Buffer {
  const bytes = [...Buffer.from("IMPROV"), 1, type, data.length, ...data];
  return Buffer.from([...bytes, bytes.reduce((sum, byte) => sum + byte, 0)]);
}
