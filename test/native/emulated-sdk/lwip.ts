/**
 * lwIP's raw interface over the memory network: control blocks and buffers lie in the chip's RAM, bytes travel in connections of
 * the virtual board's station. What happens to a connection is told between two calls of `loop`.
 */
import type { MemoryNetwork } from "../../../runtime/board/memory-network.ts";
import type { MemoryStation } from "../../../runtime/board/memory-station.ts";
import { type Connection, RECEIVE_BUFFER_BYTES, SEND_BUFFER_BYTES } from "../../../runtime/board/network.ts";
import { HostError } from "../../../runtime/contract/error-codes.ts";
import { TcpStatus } from "../../../runtime/contract/host-abi.ts";
import { type Sdk, type ServedByName, VENDOR_RAM } from "./sdk.ts";

/** lwip/err.h. */
const ERR = { mem: -1, inProgress: -5, aborted: -13, reset: -14 };
const SEGMENT_BYTES = 1460;
/** pbuf: next, payload, tot_len and len of 16 bits; the bytes follow here. */
const PBUF = { payload: 4, totalBytes: 8, header: 12 };
const PLACE_BYTES = 1536;

interface Control {
  argument: number;
  onConnected: number;
  onReceived: number;
  onSent: number;
  onError: number;
  connection: Connection | undefined;
  isOpen: boolean;
  /** The host has been told of the end of the stream. */
  isEnded: boolean;
  /** The host has given it up; what it wrote still goes out. */
  isClosed: boolean;
  /** Handed over and not yet taken out of the window. */
  unreadBytes: number;
  unsent: Buffer;
}

export class EmulatedLwip {
  readonly #sdk: Sdk;
  readonly #network: MemoryNetwork;
  readonly #station: MemoryStation;
  readonly #places: number[] = [];
  readonly #controls = new Map<number, Control>();
  /** Names by address: 1 and on. */
  readonly #names: string[] = [""];

  constructor(sdk: Sdk, network: MemoryNetwork, station: MemoryStation) {
    this.#sdk = sdk;
    this.#network = network;
    this.#station = station;
    this.reset();
  }

  /** Buffers and control blocks that nobody has given back. */
  get placesTaken(): number {
    return (VENDOR_RAM.lwipEnd - VENDOR_RAM.lwip) / PLACE_BYTES - this.#places.length;
  }

  reset(): void {
    this.#controls.clear();
    this.#places.length = 0;
    for (let at = VENDOR_RAM.lwip; at < VENDOR_RAM.lwipEnd; at += PLACE_BYTES) this.#places.push(at);
  }

  /** Tells what has happened since. */
  tick(): void {
    for (const [pcb, control] of [...this.#controls]) {
      if (control.connection !== undefined) this.#tell(pcb, control, control.connection);
    }
  }

  served(): ServedByName {
    const { chip } = this.#sdk;
    const textAt = (address: number) => {
      const bytes = Buffer.from(this.#sdk.read(address, 256));
      return bytes.toString("latin1", 0, bytes.indexOf(0));
    };
    return {
      dns_gethostbyname: (core) => {
        const name = textAt(core.argument(0));
        const [found, argument] = [core.argument(2), core.argument(3)];
        const address = this.#addressOf(name);
        if (/^\d+\.\d+\.\d+\.\d+$/.test(name)) {
          chip.writeWord(core.argument(1), address);
          return 0;
        }
        this.#sdk.post(() => {
          chip.writeWord(VENDOR_RAM.address, address);
          const isKnown = this.#network.findHost(name) !== undefined;
          this.#sdk.call(found, 0, isKnown ? VENDOR_RAM.address : 0, argument);
        });
        return ERR.inProgress;
      },
      tcp_new: () => {
        const pcb = this.#places.shift();
        if (pcb === undefined) return 0;
        chip.writeWord(pcb, 0);
        this.#controls.set(pcb, newControl());
        return pcb;
      },
      tcp_arg: (core) => {
        this.#of(core.argument(0)).argument = core.argument(1);
      },
      tcp_recv: (core) => {
        this.#of(core.argument(0)).onReceived = core.argument(1);
      },
      tcp_sent: (core) => {
        this.#of(core.argument(0)).onSent = core.argument(1);
      },
      tcp_err: (core) => {
        this.#of(core.argument(0)).onError = core.argument(1);
      },
      tcp_connect: (core) => {
        const control = this.#of(core.argument(0));
        const name = this.#names[chip.readWord(core.argument(1))] ?? "";
        const connection = this.#station.open(name, core.argument(2), 0);
        if (typeof connection === "number") return ERR.aborted;
        control.onConnected = core.argument(3);
        control.connection = connection;
        return 0;
      },
      tcp_write: (core) => {
        const control = this.#of(core.argument(0));
        const bytes = this.#sdk.read(core.argument(1), core.argument(2));
        if (control.unsent.length + bytes.length > SEND_BUFFER_BYTES) return ERR.mem;
        control.unsent = Buffer.concat([control.unsent, bytes]);
        return 0;
      },
      tcp_output: () => 0,
      tcp_recved: (core) => {
        this.#of(core.argument(0)).unreadBytes -= core.argument(1);
      },
      tcp_close: (core) => {
        const control = this.#of(core.argument(0));
        if (control.unreadBytes > 0) throw new Error("The host closes a connection with bytes unread.");
        control.isClosed = true;
        return 0;
      },
      tcp_abort: (core) => {
        this.#of(core.argument(0)).connection?.close();
        this.#free(core.argument(0));
      },
      pbuf_copy_partial: (core) => {
        const bytes = this.#bytesOf(core.argument(0)).subarray(core.argument(3));
        const taken = bytes.subarray(0, core.argument(2));
        this.#sdk.write(core.argument(1), taken);
        return taken.length;
      },
      pbuf_cat: (core) => this.#append(core.argument(0), core.argument(1)),
      pbuf_free: (core) => {
        let freed = 0;
        for (let place = core.argument(0); place !== 0; place = chip.readWord(place), freed++) this.#places.push(place);
        return freed;
      },
    };
  }

  #tell(pcb: number, control: Control, connection: Connection): void {
    const status = connection.status();
    if (status < 0) {
      this.#free(pcb);
      const error = status === HostError.Refused ? ERR.reset : ERR.aborted;
      if (control.onError !== 0) this.#sdk.call(control.onError, control.argument, error);
      return;
    }
    if (status === TcpStatus.Connecting) return;
    if (!control.isOpen) {
      control.isOpen = true;
      this.#sdk.call(control.onConnected, control.argument, pcb, 0);
    }
    this.#sendSome(pcb, control, connection);
    if (!this.#controls.has(pcb)) return;
    this.#receiveSome(pcb, control, connection);
    if (status === TcpStatus.Closed && !control.isEnded && control.unreadBytes < RECEIVE_BUFFER_BYTES) {
      control.isEnded = true;
      if (control.onReceived !== 0) this.#sdk.call(control.onReceived, control.argument, pcb, 0, 0);
    }
  }

  #sendSome(pcb: number, control: Control, connection: Connection): void {
    const taken = control.unsent.length > 0 ? connection.write(control.unsent) : 0;
    if (taken > 0) {
      control.unsent = control.unsent.subarray(taken);
      if (control.onSent !== 0) this.#sdk.call(control.onSent, control.argument, pcb, taken);
    }
    if (!control.isClosed || (control.unsent.length > 0 && taken >= 0)) return;
    connection.close();
    this.#free(pcb);
  }

  #receiveSome(pcb: number, control: Control, connection: Connection): void {
    while (control.unreadBytes < RECEIVE_BUFFER_BYTES && this.#places.length > 0) {
      const room = Math.min(SEGMENT_BYTES, RECEIVE_BUFFER_BYTES - control.unreadBytes);
      const into = new Uint8Array(room);
      const taken = connection.read(into);
      if (taken <= 0) return;
      // What comes after a close is dropped.
      if (control.onReceived === 0) continue;
      control.unreadBytes += taken;
      const buffer = this.#newBuffer(into.subarray(0, taken));
      this.#sdk.call(control.onReceived, control.argument, pcb, buffer, 0);
    }
  }

  #of(pcb: number): Control {
    const control = this.#controls.get(pcb);
    if (control === undefined || control.isClosed) throw new Error("The host uses a connection that is lwIP's alone.");
    return control;
  }

  #free(pcb: number): void {
    this.#controls.delete(pcb);
    this.#places.push(pcb);
  }

  #addressOf(name: string): number {
    const known = this.#names.indexOf(name, 1);
    return known > 0 ? known : this.#names.push(name) - 1;
  }

  #newBuffer(bytes: Uint8Array): number {
    const place = this.#places.shift() as number;
    const { chip } = this.#sdk;
    chip.writeWord(place, 0);
    chip.writeWord(place + PBUF.payload, place + PBUF.header);
    chip.writeWord(place + PBUF.totalBytes, bytes.length | (bytes.length << 16));
    this.#sdk.write(place + PBUF.header, bytes);
    return place;
  }

  #bytesOf(first: number): Buffer {
    const { chip } = this.#sdk;
    const parts: Uint8Array[] = [];
    for (let place = first; place !== 0; place = chip.readWord(place)) {
      const sizeBytes = chip.readWord(place + PBUF.totalBytes) >>> 16;
      parts.push(this.#sdk.read(chip.readWord(place + PBUF.payload), sizeBytes));
    }
    return Buffer.concat(parts);
  }

  /** Total lengths of all before the tail grow by its own. */
  #append(head: number, tail: number): void {
    const { chip } = this.#sdk;
    const added = chip.readWord(tail + PBUF.totalBytes) & 0xffff;
    for (let place = head; ; place = chip.readWord(place)) {
      const lengths = chip.readWord(place + PBUF.totalBytes);
      chip.writeWord(place + PBUF.totalBytes, (lengths & 0xffff0000) | ((lengths & 0xffff) + added));
      if (chip.readWord(place) !== 0) continue;
      chip.writeWord(place, tail);
      return;
    }
  }
}

function newControl(): Control {
  return {
    argument: 0,
    onConnected: 0,
    onReceived: 0,
    onSent: 0,
    onError: 0,
    connection: undefined,
    isOpen: false,
    isEnded: false,
    isClosed: false,
    unreadBytes: 0,
    unsent: Buffer.alloc(0),
  };
}
