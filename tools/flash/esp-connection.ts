/**
 * A board whose ROM loader answers, through esptool-js: what chip it is, what is in its flash, and changing that. With
 * esptool's stub on the chip, unless told otherwise: without it flash cannot be read back, so nothing can be compared.
 */
import { createHash } from "node:crypto";
import { ESPLoader, type IEspLoaderTerminal, Transport } from "esptool-js";
import type { WebSerialPort } from "../../runtime/board/web-serial-port.ts";
import { SerialError } from "../serial/serial-error.ts";
import { FlashError } from "./flash-error.ts";

/** What the ROM of an ESP8266 begins with. */
const ROM_BAUD = 115_200;
const CHIP = "ESP8266";
/** esptool's: what `flashBegin` takes for one block without the stub. */
const ROM_ERASE_PIECE_BYTES = 0x40000;
const RESET_HOLD_MS = 100;
/** Between two packets of flash that is read; esptool-js would wait for 100 s. */
const READ_TIMEOUT_MS = 5000;

export interface ConnectOptions {
  /** Speed after the first exchange. */
  baudRate: number;
  useStub: boolean;
  /** What esptool-js says, for --verbose. */
  trace?: (line: string) => void;
}

export interface ChipFacts {
  chip: string;
  /** As 5ccf7f010203. */
  mac: string;
  /** JEDEC, manufacturer in the lowest byte. */
  flashId: number;
  flashBytes: number;
}

/** A stretch of flash: what it is to hold from `offset` on. */
export interface FlashPart {
  name: string;
  /** Of the chip; a multiple of the sector size. */
  offset: number;
  bytes: Uint8Array;
  /** It is an image signed with one of these keys; any signature of theirs will do. */
  signedBy?: readonly Uint8Array[];
}

export type Progress = (doneBytes: number, totalBytes: number) => void;

export class EspConnection {
  readonly facts: ChipFacts;
  readonly hasStub: boolean;
  readonly #loader: ESPLoader;
  readonly #transport: Transport;
  /** Rejects when the cable is gone: esptool-js would wait for an answer all the same. */
  readonly #lost: Promise<never>;

  private constructor(loader: ESPLoader, transport: Transport, facts: ChipFacts, lost: Promise<never>) {
    this.#lost = lost;
    this.#loader = loader;
    this.#transport = transport;
    this.facts = facts;
    this.hasStub = loader.IS_STUB;
  }

  /** Resets the board into its loader. The port is closed, and closed again when this fails. */
  static async open(port: WebSerialPort, { baudRate, useStub, trace }: ConnectOptions): Promise<EspConnection> {
    const transport = new Transport(port as unknown as ConstructorParameters<typeof Transport>[0], false);
    // It would write to the console whatever is set.
    transport.trace = (line) => trace?.(line);
    const terminal: IEspLoaderTerminal = {
      clean: () => {},
      write: () => {},
      writeLine: (line) => trace?.(line),
    };
    const loader = new ESPLoader({ transport, baudrate: baudRate, romBaudrate: ROM_BAUD, terminal });
    loader.FLASH_READ_TIMEOUT = READ_TIMEOUT_MS;
    const lost = new Promise<never>((_, reject) => {
      port.ondisconnect = (why) => reject(new Error(why.message));
    });
    lost.catch(() => {});
    try {
      await Promise.race([identify(loader, useStub, baudRate), lost]);
      const facts = await Promise.race([factsOf(loader), lost]);
      return new EspConnection(loader, transport, facts, lost);
    } catch (error) {
      await transport.disconnect().catch(() => {});
      throw connectError(error);
    }
  }

  async holds({ offset, bytes }: FlashPart): Promise<boolean> {
    const found = await this.#job("reading flash", () => this.#loader.flashMd5sum(offset, bytes.length));
    return found === createHash("md5").update(bytes).digest("hex");
  }

  async write({ name, offset, bytes }: FlashPart, progress: Progress): Promise<void> {
    await this.#job(`writing the ${name}`, () =>
      this.#loader.writeFlash({
        fileArray: [{ data: bytes, address: offset }],
        flashSize: "keep",
        flashMode: "keep",
        flashFreq: "keep",
        eraseAll: false,
        compress: this.hasStub,
        reportProgress: (_, written, total) => progress(Math.round((written / total) * bytes.length), bytes.length),
      }),
    );
  }

  read(offset: number, sizeBytes: number, progress: Progress): Promise<Uint8Array> {
    if (!this.hasStub) throw new FlashError("flash is read by the stub: leave out --no-stub");
    return this.#job("reading flash", async () => {
      const bytes = await this.#loader.readFlash(offset, sizeBytes, (_packet, done, total) => progress(done, total));
      // The stub ends with the digest, which esptool-js leaves on the line: the next command would be lost behind it.
      const digest = await this.#transport.read(READ_TIMEOUT_MS);
      if (Buffer.compare(digest, createHash("md5").update(bytes).digest()) !== 0) {
        throw new Error("bytes were damaged on the way");
      }
      return bytes;
    });
  }

  /** All of it: with the stub in one step, which says nothing until it is done. */
  async eraseAll(progress: Progress): Promise<void> {
    const { flashBytes } = this.facts;
    if (this.hasStub) {
      await this.#job("erasing flash", () => this.#loader.eraseFlash());
      progress(flashBytes, flashBytes);
      return;
    }
    // The ROM erases what it is told that it will get, and does not mind when nothing comes.
    for (let at = 0; at < flashBytes; at += ROM_ERASE_PIECE_BYTES) {
      await this.#job("erasing flash", () => this.#loader.flashBegin(ROM_ERASE_PIECE_BYTES, at));
      progress(at + ROM_ERASE_PIECE_BYTES, flashBytes);
    }
  }

  /** Lets go of the board: a reset, and what is in flash starts. The port is closed. */
  async leave(): Promise<void> {
    await this.#job("resetting the board", async () => {
      await this.#transport.setDTR(false);
      await this.#transport.setRTS(true);
      await new Promise((resolve) => setTimeout(resolve, RESET_HOLD_MS));
      await this.#transport.setRTS(false);
    });
    await this.close();
  }

  async close(): Promise<void> {
    await this.#transport.disconnect().catch(() => {});
  }

  async #job<T>(what: string, run: () => Promise<T>): Promise<T> {
    try {
      return await Promise.race([run(), this.#lost]);
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      throw new FlashError(
        `${what} failed: ${why.replace(/\.$/, "")}. Check the cable, then run the same again: what is right already is skipped`,
      );
    }
  }
}

async function identify(loader: ESPLoader, useStub: boolean, baudRate: number): Promise<void> {
  await loader.detectChip();
  // The stub of another chip is not to be tried.
  if (loader.chip.CHIP_NAME !== CHIP || !useStub) return;
  await loader.runStub();
  if (baudRate !== ROM_BAUD) await loader.changeBaud();
}

async function factsOf(loader: ESPLoader): Promise<ChipFacts> {
  const chip = loader.chip.CHIP_NAME;
  if (chip !== CHIP) {
    throw new FlashError(
      `this is an ${chip}, and Lintel runs on the ${CHIP}: is it the right board, on the right port?`,
    );
  }
  const mac = (await loader.chip.readMac(loader)).replaceAll(":", "").toLowerCase();
  const flashId = (await loader.readFlashId()) & 0xffffff;
  const capacity = (flashId >>> 16) & 0xff;
  if (flashId === 0 || flashId === 0xffffff || capacity < 16 || capacity > 28) {
    throw new FlashError(
      `the flash chip does not answer (id ${hex6(flashId)}): check the power supply, and what is wired to GPIO6 to GPIO11`,
    );
  }
  return { chip, mac, flashId, flashBytes: 2 ** capacity };
}

function hex6(value: number): string {
  return value.toString(16).padStart(6, "0");
}

function connectError(error: unknown): unknown {
  if (!(error instanceof Error) || !/^ESPError$|^Error$|Timeout|Unexpected/.test(error.name)) return error;
  if (error instanceof FlashError || error instanceof SerialError) return error;
  if (/failed to connect/i.test(error.message)) {
    return new FlashError(
      "no board answers: check that the cable carries data and that --port is the board's; " +
        "on a board without automatic reset hold FLASH (GPIO0 to ground), press RST, and try again",
    );
  }
  return new FlashError(
    `talking to the board failed: ${error.message.replace(/\.$/, "")}. Try a lower --baud, or another cable`,
  );
}
