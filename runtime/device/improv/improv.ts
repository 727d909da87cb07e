/**
 * Improv Wi-Fi over serial, as boot speaks it (format.ts). New Wi-Fi settings are tried first and written down when they have
 * worked: whatever goes wrong, the configuration stays as it was.
 *
 * A board whose configuration names no network stays here. One that a program has left for this goes back to it when there is
 * a network, or when nobody has said anything for a while, so that a counter counts again.
 */
import { LogLevel } from "../../contract/host-abi.ts";
import { IMAGE_PRODUCT_BYTES } from "../../contract/image-header.ts";
import { POLL_MAX_MS, SERIAL_RECEIVE_BYTES } from "../../contract/limits.ts";
import { Config } from "../config/config.ts";
import { elapsedMs } from "../hal/clock.ts";
import { logText } from "../hal/log.ts";
import { chip_mac, clock_ms, restart, serial_read } from "../imports/host.ts";
import { Factory } from "../update/factory.ts";
import { ImprovCommand, ImprovError, ImprovState, PacketType } from "./format.ts";
import { NetworkList } from "./network-list.ts";
import { ImprovNote } from "./note.ts";
import { Heard, PacketReader } from "./packet-reader.ts";
import { PacketWriter } from "./packet-writer.ts";
import { JoinState, WifiSettings } from "./wifi-settings.ts";

/** Without a packet for so long, a board that a program has left goes back to it. */
export const SILENCE_MAX_MS = 60000;
/** The same before boot has heard one itself: who only looked whether there is a board costs it no minute. */
export const FIRST_SILENCE_MAX_MS = 5000;
/** A packet does not pause so long. Tools ask again after a second. */
export const GAP_MAX_MS = 500;
/** While something is under way that may end without waking us. */
const BUSY_DELAY_MS = 100;
const PIECE_BYTES: u32 = 16;
/** A command, and how long what follows it is. */
const COMMAND_HEAD_BYTES: u32 = 2;
const MAC_BYTES: u32 = 6;
/** Of the MAC address, in the device's name. */
const MAC_TOLD_FROM: u32 = 3;

export class Improv {
  private readonly note: ImprovNote = new ImprovNote();
  private readonly reader: PacketReader = new PacketReader();
  private readonly writer: PacketWriter;
  private readonly networks: NetworkList;
  private readonly settings: WifiSettings;
  private readonly piece: StaticArray<u8> = new StaticArray<u8>(PIECE_BYTES);
  private pieceBytes: i32 = 0;
  private pieceAt: i32 = 0;
  private readonly mac: StaticArray<u8> = new StaticArray<u8>(MAC_BYTES);

  private state: ImprovState = ImprovState.Authorized;
  private hasError: bool = false;
  /** A program has left for this. */
  private wasAsked: bool = false;
  private isOver: bool = false;
  private nowMs: u32 = 0;
  /** When a byte was last heard, and when a packet. */
  private byteMs: u32 = 0;
  private packetMs: u32 = 0;
  private silenceMaxMs: i32 = FIRST_SILENCE_MAX_MS;

  constructor(
    private readonly config: Config,
    private readonly factory: Factory,
    private readonly version: string,
  ) {
    const writer = new PacketWriter();
    this.writer = writer;
    this.networks = new NetworkList(writer);
    this.settings = new WifiSettings(config);
  }

  /** Call once, at the start. True when the board stays in provisioning: its state is told, unasked. */
  begin(): bool {
    const note = this.note;
    note.take();
    chip_mac(changetype<usize>(this.mac));
    this.nowMs = clock_ms();
    this.packetMs = this.nowMs;
    const hasNetwork = this.config.namesNetwork();
    if (hasNetwork) this.state = ImprovState.Provisioned;
    this.wasAsked = hasNetwork && note.command != ImprovCommand.None;
    if (hasNetwork && !this.wasAsked) return false;
    if (!hasNetwork) logText(LogLevel.Info, "no Wi-Fi: waiting for Improv");
    const command = note.command;
    if (command != ImprovCommand.State) this.enter(this.state);
    // Somebody is at it, and will choose a network or write a passphrase again.
    if (command == ImprovCommand.Settings || command == ImprovCommand.Networks) this.silenceMaxMs = SILENCE_MAX_MS;
    // Its data are lost.
    if (command == ImprovCommand.Settings) this.fail(ImprovError.Unknown);
    else if (command != ImprovCommand.None) this.run(command);
    this.writer.flush();
    return true;
  }

  /** This start goes on where provisioning broke one off. */
  get isResumed(): bool {
    return this.note.isResumed;
  }

  /** Joining, or in the middle of a packet: nobody else may use the network or log. */
  get isBusy(): bool {
    return this.state == ImprovState.Provisioning || !this.writer.isIdle;
  }

  /** Does what is due; returns the milliseconds until it wants to be called again if nothing happens. */
  poll(): u32 {
    this.nowMs = clock_ms();
    if (this.state == ImprovState.Provisioning) this.checkJoin();
    this.listen();
    this.networks.poll(this.nowMs);
    const isOut = this.writer.flush();
    if (this.isBusy || this.networks.isTelling) this.packetMs = this.nowMs;
    else if (this.wasAsked && elapsedMs(this.nowMs, this.packetMs) >= this.silenceMaxMs) this.isOver = true;
    if (this.isOver && isOut) this.leave();
    return this.delayMs();
  }

  private leave(): void {
    if (this.wasAsked) this.note.resume();
    restart(0);
  }

  private delayMs(): u32 {
    if (this.isBusy || this.networks.isTelling) return BUSY_DELAY_MS;
    if (this.reader.isWaiting) return GAP_MAX_MS;
    return this.wasAsked ? max(1, this.silenceMaxMs - elapsedMs(this.nowMs, this.packetMs)) : POLL_MAX_MS;
  }

  /** Takes packets one after the other, each when the answer to the one before is out. */
  private listen(): void {
    for (let turn = 0; turn < 2 * SERIAL_RECEIVE_BYTES && !this.isOver && this.writer.flush(); turn++) {
      const heard = this.reader.next();
      if (heard == Heard.Packet) this.take();
      else if (heard == Heard.Damaged) this.fail(ImprovError.InvalidPacket);
      else if (!this.hear()) {
        if (!this.reader.isWaiting || elapsedMs(this.nowMs, this.byteMs) < GAP_MAX_MS) return;
        this.reader.giveUp();
      }
    }
  }

  /** Gives the reader one more byte; false when there is none. */
  private hear(): bool {
    const piece = changetype<usize>(this.piece);
    if (this.pieceAt >= this.pieceBytes) {
      this.pieceAt = 0;
      this.pieceBytes = serial_read(piece, PIECE_BYTES);
      if (this.pieceBytes <= 0) return false;
      this.byteMs = this.nowMs;
    }
    this.reader.put(load<u8>(piece + this.pieceAt++));
    return true;
  }

  private take(): void {
    const reader = this.reader;
    // The others are ours: whoever sends them back is not to be answered.
    if (reader.type != PacketType.Rpc) return;
    const data = reader.data;
    if (reader.dataBytes < COMMAND_HEAD_BYTES || load<u8>(data, 1) != reader.dataBytes - COMMAND_HEAD_BYTES) {
      this.fail(ImprovError.InvalidPacket);
      return;
    }
    this.packetMs = this.nowMs;
    this.silenceMaxMs = SILENCE_MAX_MS;
    const command = <u32>load<u8>(data);
    if (command == ImprovCommand.Settings) this.takeSettings(data + COMMAND_HEAD_BYTES, load<u8>(data, 1));
    else this.run(command);
  }

  private run(command: u32): void {
    if (command == ImprovCommand.State) this.tellState();
    else if (command == ImprovCommand.Info) this.tellInfo();
    else if (command == ImprovCommand.Networks) this.networks.begin(this.nowMs);
    else this.fail(ImprovError.UnknownCommand);
  }

  private fail(error: ImprovError): void {
    this.hasError = true;
    this.writer.value(PacketType.Error, error);
  }

  /** A state that is news. */
  private enter(state: ImprovState): void {
    this.state = state;
    this.writer.value(PacketType.State, state);
  }

  /** The answer to a request for it. */
  private tellState(): void {
    this.enter(this.state);
    if (this.state == ImprovState.Provisioned) this.tellUrls(ImprovCommand.State);
  }

  /** Where a browser finds the board: nowhere, it serves no pages. */
  private tellUrls(command: ImprovCommand): void {
    this.writer.beginResult(command);
    this.writer.endResult();
  }

  private tellInfo(): void {
    const writer = this.writer;
    writer.beginResult(ImprovCommand.Info);
    writer.text("Lintel");
    writer.text(this.version);
    writer.text("ESP8266");
    this.putName();
    writer.endResult();
  }

  /** The product and the end of the MAC address: counter-010203. */
  private putName(): void {
    const writer = this.writer;
    const factory = this.factory;
    const begun = writer.beginText();
    const nameBytes = factory.load() ? IMAGE_PRODUCT_BYTES : 0;
    for (let i = 0; i < nameBytes; i++) {
      const letter = load<u8>(factory.product + i);
      if (letter == 0) break;
      writer.put(letter);
    }
    writer.put(HYPHEN);
    for (let i = MAC_TOLD_FROM; i < MAC_BYTES; i++) {
      const byte = load<u8>(changetype<usize>(this.mac) + i);
      writer.put(digit(byte >> 4));
      writer.put(digit(byte & 15));
    }
    writer.endText(begun);
  }

  private takeSettings(pointer: usize, length: u32): void {
    if (!this.settings.take(pointer, length)) {
      this.fail(ImprovError.InvalidPacket);
      return;
    }
    if (this.hasError) this.writer.value(PacketType.Error, ImprovError.None);
    this.hasError = false;
    this.enter(ImprovState.Provisioning);
    this.settings.join(pointer, this.nowMs);
  }

  private checkJoin(): void {
    const joined = this.settings.check(this.nowMs);
    if (joined == JoinState.Joining) return;
    if (joined == JoinState.Joined && this.settings.write()) {
      this.enter(ImprovState.Provisioned);
      this.tellUrls(ImprovCommand.Settings);
      this.isOver = true;
      return;
    }
    this.fail(joined == JoinState.Joined ? ImprovError.Unknown : ImprovError.UnableToConnect);
    this.enter(ImprovState.Authorized);
  }
}

const HYPHEN: u32 = 45;

/** Of a hexadecimal number. */
function digit(value: u32): u32 {
  return value < 10 ? 48 + value : 87 + value;
}
