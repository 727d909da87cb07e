/** Questions about what devices are told, on the reader's connection. */
import type Database from "better-sqlite3";
import type { Settings, SettingValue } from "../../runtime/product/setting.ts";
import { COMMANDS_KEPT_MAX } from "../limits.ts";
import type { CommandState, DesiredPart, PartState } from "../orders/order-requests.ts";
import { FlashedReader } from "./flashed-reader.ts";

export interface PartRow {
  version: number;
  product: string;
  chosen: string | null;
  content: Buffer;
  state: PartState;
  reason: number | null;
  setting: number | null;
  setMs: number;
  stateMs: number;
}

export interface CommandRow {
  id: number;
  method: string;
  argument: number | null;
  second: number | null;
  expiresS: number | null;
  state: CommandState;
  /** ResultCode of the last answer. */
  code: number | null;
  value: number | null;
  createdMs: number;
  sentMs: number | null;
  endedMs: number | null;
}

const COMMAND_COLUMNS = `id, method, argument, second, expires_s AS expiresS, state, code, value,
  created_ms AS createdMs, sent_ms AS sentMs, ended_ms AS endedMs`;

export class OrderReader {
  readonly #sql: ReturnType<typeof prepare>;
  readonly #flashed: FlashedReader;

  constructor(db: Database.Database) {
    this.#sql = prepare(db);
    this.#flashed = new FlashedReader(db);
  }

  flashed(deviceId: number, product: string, schema: Settings | undefined): Record<string, SettingValue> {
    return this.#flashed.settings(deviceId, product, schema);
  }

  part(deviceId: number, part: DesiredPart): PartRow | undefined {
    return this.#sql.part.get(deviceId, part);
  }

  /** In the order in which they came. */
  commands(deviceId: number, afterId: number, limit: number): CommandRow[] {
    return this.#sql.commands.all(deviceId, afterId, limit);
  }

  commandsOf(deviceId: number, method: string): CommandRow[] {
    return this.#sql.commandsOf.all(deviceId, method);
  }

  command(deviceId: number, id: number): CommandRow | undefined {
    return this.#sql.command.get(deviceId, id);
  }
}

function prepare(db: Database.Database) {
  return {
    part: db.prepare<[number, DesiredPart], PartRow>(
      `SELECT version, product, chosen, content, state, reason, setting, set_ms AS setMs, state_ms AS stateMs
       FROM desired_parts WHERE device_id = ? AND part = ?`,
    ),
    commands: db.prepare<[number, number, number], CommandRow>(
      `SELECT ${COMMAND_COLUMNS} FROM commands WHERE device_id = ? AND id > ? ORDER BY id LIMIT ?`,
    ),
    commandsOf: db.prepare<[number, string], CommandRow>(
      `SELECT ${COMMAND_COLUMNS} FROM commands WHERE device_id = ? AND method = ? ORDER BY id DESC
       LIMIT ${COMMANDS_KEPT_MAX}`,
    ),
    command: db.prepare<[number, number], CommandRow>(
      `SELECT ${COMMAND_COLUMNS} FROM commands WHERE device_id = ? AND id = ?`,
    ),
  };
}
