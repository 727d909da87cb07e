/**
 * Runs in the page, before its own scripts: takes the place of `navigator.serial`. One port, whose cable is a WebSocket to the
 * test (cable-bridge.ts). As in the draft of the Web Serial API, streams are made at `open` and anew after a reader has cancelled,
 * and `close` is refused while they are locked.
 */
(() => {
  /** @typedef {{ dataTerminalReady?: boolean, requestToSend?: boolean }} Signals */

  /** The cable: bytes are binary messages, everything else is JSON; of that, what `ask` sends is answered, in order. */
  class SocketCable {
    /** @type {WebSocket | undefined} */
    #socket;
    /** @type {Array<{ resolve: () => void, reject: (error: Error) => void }>} */
    #asked = [];
    /** @type {(bytes: Uint8Array) => void} */
    onBytes = () => {};

    /** @param {string} url */
    constructor(url) {
      this.url = url;
    }

    /** @param {object} question */
    async ask(question) {
      const socket = await this.#open();
      return new Promise((resolve, reject) => {
        this.#asked.push({ resolve: () => resolve(undefined), reject });
        socket.send(JSON.stringify(question));
      });
    }

    /** @param {object} fact */
    async tell(fact) {
      const socket = await this.#open();
      socket.send(JSON.stringify(fact));
    }

    /** @param {Uint8Array} bytes */
    async send(bytes) {
      const socket = await this.#open();
      socket.send(bytes.slice());
    }

    /** @returns {Promise<WebSocket>} */
    async #open() {
      if (this.#socket !== undefined) return this.#socket;
      const socket = new WebSocket(this.url);
      this.#socket = socket;
      socket.binaryType = "arraybuffer";
      socket.onmessage = ({ data }) => {
        if (typeof data !== "string") {
          this.onBytes(new Uint8Array(data));
          return;
        }
        const { error } = JSON.parse(data);
        const asked = this.#asked.shift();
        if (error === undefined) asked?.resolve();
        else asked?.reject(new DOMException(error, "NetworkError"));
      };
      await new Promise((resolve) => {
        socket.onopen = resolve;
      });
      return socket;
    }
  }

  class CablePort extends EventTarget {
    /** @type {ReadableStream<Uint8Array> | null} */
    readable = null;
    /** @type {WritableStream<Uint8Array> | null} */
    writable = null;
    connected = true;
    /** @type {ReadableStreamDefaultController<Uint8Array> | undefined} */
    #source;
    #cable;

    /** @param {SocketCable} cable */
    constructor(cable) {
      super();
      this.#cable = cable;
      cable.onBytes = (bytes) => this.#source?.enqueue(bytes);
    }

    /** A CP2102, as on many boards. */
    getInfo() {
      return { usbVendorId: 0x10c4, usbProductId: 0xea60 };
    }

    /** @param {{ baudRate: number }} options */
    async open({ baudRate }) {
      if (this.readable !== null) throw new DOMException("The port is already open.", "InvalidStateError");
      await this.#cable.ask({ open: baudRate });
      this.writable = new WritableStream({ write: (bytes) => this.#cable.send(bytes) });
      this.#openReadable();
    }

    async close() {
      const { readable, writable } = this;
      if (readable === null) throw new DOMException("The port is already closed.", "InvalidStateError");
      if (readable.locked || writable?.locked) throw new TypeError("Cannot cancel a locked stream");
      this.writable = null;
      await readable.cancel();
      this.readable = null;
      await this.#cable.ask({ close: true });
    }

    /**
     * Does not wait for the test: the capacitor at EN bridges the time between two changes of a reset at a computer's own port, and
     * not the way there and back.
     *
     * @param {Signals} signals
     */
    async setSignals(signals) {
      if (this.readable === null) throw new DOMException("The port is not open.", "InvalidStateError");
      await this.#cable.tell({ signals });
    }

    async getSignals() {
      return { dataCarrierDetect: false, clearToSend: false, ringIndicator: false, dataSetReady: false };
    }

    async forget() {}

    #openReadable() {
      this.readable = new ReadableStream({
        start: (controller) => {
          this.#source = controller;
        },
        cancel: () => {
          this.#source = undefined;
          if (this.writable !== null) this.#openReadable();
        },
      });
    }
  }

  const port = new CablePort(new SocketCable("ws://cable.test/"));
  Object.defineProperty(Navigator.prototype, "serial", {
    configurable: true,
    get: () => ({
      requestPort: async () => port,
      getPorts: async () => [port],
      addEventListener: () => {},
      removeEventListener: () => {},
    }),
  });
})();
