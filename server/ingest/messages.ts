/**
 * `hello`, `state` and `ack` between bytes and values (runtime/contract/messages.ts). Unknown keys are skipped; a known
 * key of the wrong type spoils the message, since guessing what a device meant would hide its fault.
 */
import { CONFIG_MAX_BYTES } from "../../runtime/contract/config-record.ts";
import { IMAGE_ID_BYTES } from "../../runtime/contract/image-header.ts";
import { NAME_MAX_BYTES } from "../../runtime/contract/limits.ts";
import { AckKey, HelloKey, StateKey } from "../../runtime/contract/messages.ts";
import { encodeCbor, isU32 } from "./cbor-codec.ts";
import { decodeMap, MessageFields } from "./message-fields.ts";

export interface Hello {
  product: string | null;
  version: string | null;
  board: number | null;
  abi: number | null;
  slot: number | null;
  resetReason: number | null;
  boots: number | null;
  epoch: number;
  image: Uint8Array | null;
  isTrial: boolean;
  failure: number | null;
  failedImage: Uint8Array | null;
  configVersion: number | null;
  graphVersion: number | null;
  /** ConfigKey.Product as the device has it, CBOR that nobody has looked into. */
  settings: Uint8Array | null;
}

export interface State {
  online: boolean;
  rssiDbm: number | null;
  freeBytes: number | null;
  queued: number | null;
  dropped: number | null;
  reconnects: number | null;
  uptimeS: number | null;
  ignored: number | null;
}

export interface Ack {
  epoch: number;
  sequence: number;
  unixS: number;
  reconnectDelayMs?: number;
}

export function decodeHello(payload: Uint8Array): Hello | null {
  const map = decodeMap(payload);
  if (map === null) return null;
  const epoch = map.get(HelloKey.Epoch);
  if (!isU32(epoch)) return null;
  const fields = new MessageFields(map);
  const hello = {
    product: fields.text(HelloKey.Product, NAME_MAX_BYTES),
    version: fields.text(HelloKey.Version, NAME_MAX_BYTES),
    board: fields.unsigned(HelloKey.Board),
    abi: fields.unsigned(HelloKey.Abi),
    slot: fields.unsigned(HelloKey.Slot),
    resetReason: fields.unsigned(HelloKey.ResetReason),
    boots: fields.unsigned(HelloKey.Boots),
    epoch,
    image: fields.bytes(HelloKey.Image, IMAGE_ID_BYTES),
    isTrial: fields.boolean(HelloKey.Trial) ?? false,
    failure: fields.unsigned(HelloKey.Failure),
    failedImage: fields.bytes(HelloKey.FailedImage, IMAGE_ID_BYTES),
    configVersion: fields.unsigned(HelloKey.ConfigVersion),
    graphVersion: fields.unsigned(HelloKey.GraphVersion),
    settings: fields.bytesUpTo(HelloKey.Settings, CONFIG_MAX_BYTES),
  };
  fields.unsigned(HelloKey.Oldest);
  return fields.isSound ? hello : null;
}

export function decodeState(payload: Uint8Array): State | null {
  const map = decodeMap(payload);
  if (map === null) return null;
  const online = map.get(StateKey.Online);
  if (typeof online !== "boolean") return null;
  const fields = new MessageFields(map);
  const state = {
    online,
    rssiDbm: fields.integer(StateKey.RssiDbm),
    freeBytes: fields.unsigned(StateKey.FreeBytes),
    queued: fields.unsigned(StateKey.Queued),
    dropped: fields.unsigned(StateKey.Dropped),
    reconnects: fields.unsigned(StateKey.Reconnects),
    uptimeS: fields.unsigned(StateKey.UptimeS),
    ignored: fields.unsigned(StateKey.Ignored),
  };
  return fields.isSound ? state : null;
}

export function encodeAck(ack: Ack): Uint8Array {
  const map = new Map<number, number>([
    [AckKey.Epoch, ack.epoch],
    [AckKey.Sequence, ack.sequence],
    [AckKey.UnixS, ack.unixS],
  ]);
  if (ack.reconnectDelayMs !== undefined) map.set(AckKey.ReconnectDelayMs, ack.reconnectDelayMs);
  return encodeCbor(map);
}
