/** Encodes the device's own messages and decodes the server's (contract/messages.ts). */

import { IMAGE_ID_BYTES } from "../../contract/image-header.ts";
import { HELLO_SETTINGS_MAX_BYTES } from "../../contract/limits.ts";
import { AckKey, HelloKey, StateKey } from "../../contract/messages.ts";
import { CborError } from "../cbor/format.ts";
import { CborReader } from "../cbor/reader.ts";
import { CborWriter } from "../cbor/writer.ts";
import { abi_version, board_id, net_rssi, reset_reason, slot } from "../imports/host.ts";
import { heapFreeBytes } from "../memory/heap.ts";

/** Entries of every `hello`. */
const ALWAYS_TOLD: u32 = 9;

export class Hello {
  product: string = "";
  version: string = "";
  board: u32 = 0;
  abi: u32 = 0;
  slot: u32 = 0;
  resetReason: u32 = 0;
  boots: u32 = 0;
  epoch: u32 = 0;
  oldest: u32 = 0;
  /** Address of the id of the image that runs; 0 = the program does not run from a slot. */
  image: usize = 0;
  /** UpdateFailure of the last image that failed, and the address of its id, 0 = none. */
  failure: u32 = 0;
  failedImage: usize = 0;
  /** The program is on trial. */
  trial: bool = false;
  /** Version of the configuration in use; 0 = none from the server. */
  configVersion: u32 = 0;
  /** Version of the sensor graph in use; 0 = none. */
  graphVersion: u32 = 0;
  /** Settings of the product as they are in use, one CBOR item; none when it has no bytes. */
  settings: usize = 0;
  settingsBytes: u32 = 0;

  /** Takes what only the host knows. */
  askHost(): void {
    this.board = board_id();
    this.abi = abi_version();
    this.slot = slot();
    this.resetReason = reset_reason();
  }

  /** What there is nothing to tell about is left out. */
  write(writer: CborWriter): void {
    const failed = this.failure != 0 && this.failedImage != 0;
    const settingsBytes = this.settingsBytes <= <u32>HELLO_SETTINGS_MAX_BYTES ? this.settingsBytes : 0;
    const more =
      u32(this.image != 0) +
      (failed ? 2 : 0) +
      u32(this.trial) +
      u32(this.configVersion != 0) +
      u32(this.graphVersion != 0) +
      u32(settingsBytes != 0);
    writer.map(ALWAYS_TOLD + more);
    writer.integer(HelloKey.Product);
    writer.text(this.product);
    writer.integer(HelloKey.Version);
    writer.text(this.version);
    putField(writer, HelloKey.Board, this.board);
    putField(writer, HelloKey.Abi, this.abi);
    putField(writer, HelloKey.Slot, this.slot);
    putField(writer, HelloKey.ResetReason, this.resetReason);
    putField(writer, HelloKey.Boots, this.boots);
    putField(writer, HelloKey.Epoch, this.epoch);
    putField(writer, HelloKey.Oldest, this.oldest);
    if (this.image != 0) putImage(writer, HelloKey.Image, this.image);
    if (failed) {
      putField(writer, HelloKey.Failure, this.failure);
      putImage(writer, HelloKey.FailedImage, this.failedImage);
    }
    if (this.trial) {
      writer.integer(HelloKey.Trial);
      writer.boolean(true);
    }
    if (this.configVersion != 0) putField(writer, HelloKey.ConfigVersion, this.configVersion);
    if (this.graphVersion != 0) putField(writer, HelloKey.GraphVersion, this.graphVersion);
    if (settingsBytes != 0) {
      writer.integer(HelloKey.Settings);
      writer.bytes(this.settings, settingsBytes);
    }
  }
}

export class State {
  rssiDbm: i32 = 0;
  freeBytes: u32 = 0;
  queued: u32 = 0;
  dropped: u32 = 0;
  reconnects: u32 = 0;
  uptimeS: u32 = 0;
  ignored: u32 = 0;

  askHost(): void {
    this.rssiDbm = -net_rssi();
    this.freeBytes = heapFreeBytes();
  }

  write(writer: CborWriter): void {
    writer.map(8);
    writer.integer(StateKey.Online);
    writer.boolean(true);
    writer.integer(StateKey.RssiDbm);
    writer.integer(this.rssiDbm);
    putField(writer, StateKey.FreeBytes, this.freeBytes);
    putField(writer, StateKey.Queued, this.queued);
    putField(writer, StateKey.Dropped, this.dropped);
    putField(writer, StateKey.Reconnects, this.reconnects);
    putField(writer, StateKey.UptimeS, this.uptimeS);
    putField(writer, StateKey.Ignored, this.ignored);
  }
}

/** The last will: a state that says offline and nothing else. */
export function writeOffline(writer: CborWriter): void {
  writer.map(1);
  writer.integer(StateKey.Online);
  writer.boolean(false);
}

function putField(writer: CborWriter, key: i32, value: u32): void {
  writer.integer(key);
  writer.unsigned(value);
}

function putImage(writer: CborWriter, key: i32, id: usize): void {
  writer.integer(key);
  writer.bytes(id, IMAGE_ID_BYTES);
}

export class Ack {
  epoch: u32 = 0;
  sequence: u32 = 0;
  unixS: u32 = 0;
  reconnectDelayMs: u32 = 0;
  /** The message carried an epoch and a sequence, not the time alone. */
  hasSequence: bool = false;

  /** Reads a whole message; false when it is not a well-formed `ack`. Keys that are not known are stepped over. */
  read(reader: CborReader, pointer: usize, length: u32): bool {
    this.unixS = 0;
    this.reconnectDelayMs = 0;
    let hasEpoch = false;
    let hasSequence = false;
    reader.begin(pointer, length);
    for (let pairs = reader.map(); pairs > 0 && reader.error == CborError.None; pairs--) {
      const key = reader.integer();
      if (key == AckKey.Epoch) {
        this.epoch = reader.unsigned();
        hasEpoch = true;
      } else if (key == AckKey.Sequence) {
        this.sequence = reader.unsigned();
        hasSequence = true;
      } else if (key == AckKey.UnixS) {
        this.unixS = reader.unsigned();
      } else if (key == AckKey.ReconnectDelayMs) {
        this.reconnectDelayMs = reader.unsigned();
      } else {
        reader.skip();
      }
    }
    this.hasSequence = hasEpoch && hasSequence;
    return reader.finished;
  }
}
