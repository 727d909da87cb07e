/**
 * A serial cable as a port of the Web Serial API (W3C Community Group draft, "SerialPort"): what esptool-js, the Improv SDK and
 * other tools made for a browser open. Beyond the draft: `setBaudRate` changes the speed of an open port, which esptool-js then
 * does without closing it.
 */

/** Modem lines as the operating system names them: true is asserted, which is low on the wire. */
export interface SerialSignals {
  dataTerminalReady?: boolean;
  requestToSend?: boolean;
}

/** What carries the bytes. */
export interface Cable {
  open(baudRate: number): Promise<void>;
  close(): Promise<void>;
  setBaudRate(baudRate: number): Promise<void>;
  send(bytes: Uint8Array): Promise<void>;
  setSignals(signals: SerialSignals): Promise<void>;
  /** Set by the port: bytes have come. */
  onBytes: (bytes: Uint8Array) => void;
  /** Set by the port: the cable is gone, as one that was pulled. */
  onLost: (why: Error) => void;
}

/** A CP2102, as on many boards. */
const USB_VENDOR_ID = 0x10c4;
const USB_PRODUCT_ID = 0xea60;

export class WebSerialPort {
  /** As the event of the draft: the cable is gone. */
  ondisconnect: ((why: Error) => void) | null = null;
  readonly #cable: Cable;
  #readable: ReadableStream<Uint8Array> | null = null;
  #writable: WritableStream<Uint8Array> | null = null;
  #source: ReadableStreamDefaultController<Uint8Array> | undefined;

  constructor(cable: Cable) {
    this.#cable = cable;
    cable.onBytes = (bytes) => this.#source?.enqueue(bytes);
    cable.onLost = (why) => this.#lose(why);
  }

  get readable(): ReadableStream<Uint8Array> | null {
    return this.#readable;
  }

  get writable(): WritableStream<Uint8Array> | null {
    return this.#writable;
  }

  getInfo(): { usbVendorId: number; usbProductId: number } {
    return { usbVendorId: USB_VENDOR_ID, usbProductId: USB_PRODUCT_ID };
  }

  async open({ baudRate }: { baudRate: number }): Promise<void> {
    if (this.#readable !== null) throw new DOMException("The port is already open.", "InvalidStateError");
    await this.#cable.open(baudRate);
    this.#openReadable();
    this.#writable = new WritableStream({ write: (bytes) => this.#cable.send(bytes) });
  }

  /** After a reader has cancelled, the next one gets a stream of its own. */
  #openReadable(): void {
    this.#readable = new ReadableStream({
      start: (controller) => {
        this.#source = controller;
      },
      cancel: () => {
        this.#source = undefined;
        if (this.#writable !== null) this.#openReadable();
      },
    });
  }

  async close(): Promise<void> {
    if (this.#readable === null) throw new DOMException("The port is not open.", "InvalidStateError");
    if (this.#readable.locked || this.#writable?.locked) throw new TypeError("The port's streams are locked.");
    this.#writable = null;
    // One that was lost has failed already.
    await this.#readable.cancel().catch(() => {});
    this.#readable = null;
    await this.#cable.close();
  }

  async setSignals(signals: SerialSignals): Promise<void> {
    await this.#cable.setSignals(signals);
  }

  async setBaudRate(baudRate: number): Promise<void> {
    await this.#cable.setBaudRate(baudRate);
  }

  #lose(why: Error): void {
    this.#source?.error(new DOMException(`The device has been lost: ${why.message}`, "NetworkError"));
    this.#source = undefined;
    this.ondisconnect?.(why);
  }
}
