/**
 * The serial cable of an emulated chip as a port of the Web Serial API (W3C Community Group draft, "SerialPort"): what
 * esptool-js and other tools made for a browser open.
 */
import type { SerialChip } from "./serial-chip.ts";

/** A CP2102 on many boards. */
const USB_VENDOR_ID = 0x10c4;
const USB_PRODUCT_ID = 0xea60;

export class WebSerialPort {
  readonly #chip: SerialChip;
  #readable: ReadableStream<Uint8Array> | null = null;
  #writable: WritableStream<Uint8Array> | null = null;
  #source: ReadableStreamDefaultController<Uint8Array> | undefined;

  constructor(chip: SerialChip) {
    this.#chip = chip;
    chip.onBytes = (bytes) => this.#source?.enqueue(bytes);
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
    this.#chip.baudRate = baudRate;
    this.#openReadable();
    this.#writable = new WritableStream({ write: (bytes) => this.#chip.send(bytes) });
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
    await this.#readable.cancel();
    this.#readable = null;
  }

  async setSignals(signals: { dataTerminalReady?: boolean; requestToSend?: boolean }): Promise<void> {
    this.#chip.setSignals(signals);
  }
}
