/** `config`, `graph`, `command` and `result` between values and bytes (runtime/contract/command-messages.ts). */
import {
  CommandKey,
  DesiredConfigKey,
  DesiredGraphKey,
  LogKey,
  ResultKey,
} from "../../runtime/contract/command-messages.ts";
import { LOG_LINE_MAX_BYTES } from "../../runtime/contract/limits.ts";
import { decodeCbor, encodeCbor } from "../ingest/cbor-codec.ts";
import { decodeMap, MessageFields } from "../ingest/message-fields.ts";
import { DesiredPart } from "./order-requests.ts";

export interface Result {
  /** Id of the command; null: the answer is to a configuration or a graph. */
  command: number | null;
  /** ResultCode, also of a newer device. */
  code: number;
  value: number | null;
  configVersion: number | null;
  setting: number | null;
  graphVersion: number | null;
}

export interface LogLine {
  level: number;
  text: string;
  /** Lines that are missing before it. */
  lost: number;
}

export interface SendableCommand {
  id: number;
  method: string;
  argument: number | null;
  second: number | null;
  expiresS: number | null;
}

const CODE_MAX = 255;
const LEVEL_MAX = 255;

/** `content` is what the store keeps of the part. */
export function encodePart(part: DesiredPart, version: number, content: Uint8Array): Uint8Array {
  if (part === DesiredPart.Graph) {
    return encodeCbor(
      new Map<number, unknown>([
        [DesiredGraphKey.Version, version],
        [DesiredGraphKey.Bytes, content],
      ]),
    );
  }
  const values = decodeCbor(content);
  return encodeCbor(
    new Map<number, unknown>([
      [DesiredConfigKey.Version, version],
      [DesiredConfigKey.Values, values.ok ? values.value : new Map()],
    ]),
  );
}

export function encodeCommand({ id, method, argument, second, expiresS }: SendableCommand): Uint8Array {
  const map = new Map<number, unknown>([
    [CommandKey.Id, id],
    [CommandKey.Method, method],
  ]);
  if (argument !== null) map.set(CommandKey.Argument, argument);
  if (expiresS !== null) map.set(CommandKey.ExpiresUnixS, expiresS);
  if (second !== null) map.set(CommandKey.Second, second);
  return encodeCbor(map);
}

/** Null when it is none. */
export function decodeResult(payload: Uint8Array): Result | null {
  const map = decodeMap(payload);
  if (map === null) return null;
  const fields = new MessageFields(map);
  const code = fields.between(ResultKey.Code, 0, CODE_MAX);
  const result = {
    command: fields.unsigned(ResultKey.Command),
    value: fields.integer(ResultKey.Value),
    configVersion: fields.unsigned(ResultKey.ConfigVersion),
    setting: fields.unsigned(ResultKey.Setting),
    graphVersion: fields.unsigned(ResultKey.GraphVersion),
  };
  const isAnswer = result.command !== null || result.configVersion !== null || result.graphVersion !== null;
  return fields.isSound && code !== null && isAnswer ? { ...result, code } : null;
}

/** Null when it is none. */
export function decodeLog(payload: Uint8Array): LogLine | null {
  const map = decodeMap(payload);
  if (map === null) return null;
  const fields = new MessageFields(map);
  const level = fields.between(LogKey.Level, 0, LEVEL_MAX);
  const text = fields.text(LogKey.Text, LOG_LINE_MAX_BYTES);
  const lost = fields.unsigned(LogKey.Lost) ?? 0;
  return fields.isSound && level !== null && text !== null ? { level, text, lost } : null;
}
