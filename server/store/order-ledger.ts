/**
 * What devices are told, the writer's side: their desired configuration and graph, each with a version, and commands. What
 * is open is sent after every `hello`, and again after a later `state` (a result may be lost in a commit that failed); what
 * was not sent yet, at once when it is set. One command at a time, in the order of their ids: a device answers one that
 * comes after a later one with Repeated, so none may overtake another.
 *
 * A result says how something ended; `hello` says it as well, by the version in use, where the result was lost.
 */
import type Database from "better-sqlite3";
import { ResultCode } from "../../runtime/contract/command-messages.ts";
import { Slot } from "../../runtime/contract/flash-map.ts";
import { BOOT_PRODUCT } from "../../runtime/contract/image-header.ts";
import type { TellChange } from "../events/change-kinds.ts";
import type { Hello } from "../ingest/messages.ts";
import { kebab } from "../kebab.ts";
import { COMMANDS_KEPT_MAX, COMMANDS_OPEN_MAX, ORDERS_AGAIN_MS } from "../limits.ts";
import { macToText } from "../mac-address.ts";
import { type Chosen, chosenOf } from "../orders/chosen-config.ts";
import { encodeCommand, encodePart, type Result } from "../orders/order-messages.ts";
import {
  CommandState,
  type DesiredChange,
  DesiredPart,
  type NewCommand,
  type OrderRequest,
  type OrdersDue,
  PartState,
} from "../orders/order-requests.ts";
import type { StoreAnswer } from "../updates/store-requests.ts";
import type { ConfigResolver } from "./config-resolver.ts";

interface PartRow {
  part: DesiredPart;
  version: number;
  product: string;
  chosen: string | null;
  content: Buffer;
  state: PartState;
}

interface CommandRow {
  id: number;
  method: string;
  argument: number | null;
  second: number | null;
  expiresS: number | null;
  state: CommandState;
}

type Actuation = Extract<OrderRequest, { kind: "actuate" }>;

const CHANNELS = { [DesiredPart.Config]: "config", [DesiredPart.Graph]: "graph" } as const;
const NO_REASON = { reason: null, setting: null };
const PARTS = [DesiredPart.Config, DesiredPart.Graph];

export class OrderLedger {
  readonly #sql: ReturnType<typeof prepare>;
  readonly #tell: TellChange;
  readonly #resolver: ConfigResolver;

  constructor(db: Database.Database, tell: TellChange, resolver: ConfigResolver) {
    this.#resolver = resolver;
    this.#tell = tell;
    this.#sql = prepare(db);
  }

  setPart(change: DesiredChange, isConnected: boolean, atMs: number): StoreAnswer {
    const { mac } = change;
    const device = this.#sql.device.get(macToText(mac));
    if (device === undefined) return { outcome: "deviceUnknown" };
    const refused = this.#choose(device, change, atMs);
    if (refused !== undefined) return refused;
    return { outcome: "done", ordersDue: isConnected ? this.#due(device.id, mac, atMs, false) : null };
  }

  /** Why it was not done; undefined: it was. */
  #choose(device: DeviceRow, change: DesiredChange, atMs: number): StoreAnswer | undefined {
    const { part, basis, product, chosen, content } = change;
    const former = this.#sql.part.get(device.id, part)?.version ?? 0;
    if (former !== basis) return { outcome: "changedMeanwhile" };
    if (content !== null) this.#put(device, { part, product, chosen, content }, former, atMs);
    else {
      const resolved = this.#resolver.resolve(device, product, chosenOf({ chosen }));
      if ("faults" in resolved) return { outcome: "configRefused", faults: resolved.faults };
      this.#sql.endConflict.run(device.id);
      this.#put(device, { part, product, ...resolved }, former, atMs);
    }
    return undefined;
  }

  /**
   * Makes the configuration of the device anew of what was chosen for it and of the levels above, for one of these, its place or its
   * product has changed. True: it is another one now. One that fits no device is not made, and told (`config_conflicts`).
   */
  resolveAnew(deviceId: number, atMs: number): boolean {
    const device = this.#sql.deviceOf.get(deviceId);
    if (device === undefined || device.product === null || device.product === BOOT_PRODUCT) return false;
    const { product } = device;
    const row = this.#sql.part.get(deviceId, DesiredPart.Config);
    const isOfProduct = row?.product === product;
    const isAnything = Object.keys(this.#resolver.inherited(device, product)).length > 0;
    if (!isOfProduct && !isAnything) return false;
    const before = chosenOf(row);
    // Settings of another product are none of this one.
    const own: Chosen = isOfProduct ? before : { settings: {}, connection: before.connection };
    const resolved = this.#resolver.resolve(device, product, own);
    if ("faults" in resolved) {
      this.#sql.setConflict.run(deviceId, JSON.stringify(resolved.faults), atMs);
      return false;
    }
    this.#sql.endConflict.run(deviceId);
    if (isOfProduct && row !== undefined && row.content.equals(resolved.content)) {
      // The same values from other levels.
      if (row.chosen !== resolved.chosen) this.#sql.setChosen.run(resolved.chosen, deviceId, DesiredPart.Config);
      return false;
    }
    this.#put(device, { part: DesiredPart.Config, product, ...resolved }, row?.version ?? 0, atMs);
    return true;
  }

  /** What the device, which is connected, was not sent yet. */
  dueNow(deviceId: number, mac: number, atMs: number): OrdersDue | null {
    return this.#due(deviceId, mac, atMs, false);
  }

  #put(
    device: DeviceRow,
    { part, product, chosen, content }: Pick<DesiredChange, "part" | "product" | "chosen" | "content">,
    former: number,
    atMs: number,
  ): void {
    const inUse = part === DesiredPart.Config ? device.configVersion : device.graphVersion;
    const version = Math.max(former, inUse ?? 0) + 1;
    this.#sql.setPart.run({ deviceId: device.id, part, version, product, chosen, content, atMs });
    this.#tellPart(device.id, part, version, PartState.Pending, atMs);
    // Let in with it from now on; as its only secret once it has said that it works with it.
    if (part === DesiredPart.Config) this.#sql.setNextSecret.run(chosen, device.id);
  }

  /** Ids begin with the time, so that they go on rising after the database was put back to an older one. */
  addCommand(command: NewCommand, isConnected: boolean, atMs: number): StoreAnswer {
    const { mac } = command;
    const device = this.#sql.device.get(macToText(mac));
    if (device === undefined) return { outcome: "deviceUnknown" };
    if (!this.#hasRoom(device.id, 1, atMs)) return { outcome: "tooManyCommands" };
    const id = this.#queue(device.id, command, atMs);
    return { outcome: "done", command: id, ordersDue: isConnected ? this.#due(device.id, mac, atMs, false) : null };
  }

  actuate({ mac, change, commands, isConnected, atMs }: Actuation): StoreAnswer {
    const device = this.#sql.device.get(macToText(mac));
    if (device === undefined) return { outcome: "deviceUnknown" };
    if (!this.#hasRoom(device.id, commands.length, atMs)) return { outcome: "tooManyCommands" };
    const refused = change === null ? undefined : this.#choose(device, change, atMs);
    if (refused !== undefined) return refused;
    for (const command of commands) this.#queue(device.id, command, atMs);
    return { outcome: "done", ordersDue: isConnected ? this.#due(device.id, mac, atMs, false) : null };
  }

  #hasRoom(deviceId: number, commands: number, atMs: number): boolean {
    this.#sql.expire.run(atMs, deviceId, atMs);
    return (this.#sql.openCount.get(deviceId)?.count ?? 0) + commands <= COMMANDS_OPEN_MAX;
  }

  #queue(deviceId: number, { method, argument, second, expiresS }: NewCommand, atMs: number): number {
    const last = this.#sql.lastId.get(deviceId)?.id ?? 0;
    const id = Math.max(last + 1, Math.floor(atMs / 1000));
    this.#sql.addCommand.run(deviceId, id, method, argument, second, expiresS, atMs);
    this.#sql.trim.run(deviceId, deviceId, COMMANDS_KEPT_MAX);
    this.#tell({ kind: "device.actuated", device: deviceId, atMs, detail: { command: id, method } });
    return id;
  }

  takeHello(deviceId: number, mac: number, atMs: number, hello: Hello): OrdersDue | null {
    // The restart that it was accepted for has happened.
    this.#sql.endAccepted.run(atMs, deviceId);
    if (hello.slot !== Slot.Boot) {
      for (const part of PARTS) this.#compare(deviceId, part, atMs, versionIn(hello, part));
      const config = this.#sql.part.get(deviceId, DesiredPart.Config);
      const isFlashedAnew = this.#noteFlashed(deviceId, hello, config);
      if (isFlashedAnew || config === undefined || config.product !== hello.product) this.resolveAnew(deviceId, atMs);
    }
    return this.#due(deviceId, mac, atMs, true);
  }

  /** What the board has is what it was flashed with, unless it was told settings. True: it is not what was known of it. */
  #noteFlashed(deviceId: number, hello: Hello, config: PartRow | undefined): boolean {
    const { product, settings } = hello;
    const isTold = config !== undefined && chosenOf(config).keepsProduct !== true;
    if (product === null || (isTold && versionIn(hello, DesiredPart.Config) > 0)) return false;
    if (settings === null) return this.#sql.forgetFlashed.run(deviceId).changes > 0;
    return this.#sql.noteFlashed.run({ deviceId, product, settings }).changes > 0;
  }

  takeState(deviceId: number, mac: number, atMs: number): OrdersDue | null {
    const { helloMs } = this.#sql.deviceOf.get(deviceId) ?? { helloMs: null };
    // The first one comes with the hello.
    return helloMs === null || atMs - helloMs < ORDERS_AGAIN_MS ? null : this.#due(deviceId, mac, atMs, true);
  }

  takeResult(deviceId: number, mac: number, atMs: number, result: Result): OrdersDue | null {
    if (result.command !== null) this.#takeCommandResult(deviceId, atMs, result.command, result);
    else this.#takePartResult(deviceId, atMs, result);
    return this.#due(deviceId, mac, atMs, false);
  }

  /** What the device is to be told now, or null; it counts as sent. `isAgain`: also what was sent before. */
  #due(deviceId: number, mac: number, atMs: number, isAgain: boolean): OrdersDue | null {
    this.#sql.expire.run(atMs, deviceId, atMs);
    const parts = this.#sql.openParts.all(deviceId, isAgain ? PartState.Sent : PartState.Pending);
    const first = this.#sql.firstOpen.get(deviceId);
    const command = first !== undefined && first.state <= (isAgain ? CommandState.Sent : CommandState.Queued) && first;
    if (parts.length === 0 && !command) return null;
    const device = this.#sql.deviceOf.get(deviceId);
    // The recovery program takes no orders.
    if (device === undefined || device.slot === Slot.Boot) return null;
    const messages: OrdersDue["messages"] = [];
    for (const { part, version, product, content } of parts) {
      if (product !== device.product) continue;
      this.#sql.endPart.run({ deviceId, part, state: PartState.Sent, ...NO_REASON, atMs });
      messages.push({ channel: CHANNELS[part], payload: encodePart(part, version, content) });
    }
    if (command) {
      this.#sql.setSent.run(atMs, deviceId, command.id);
      messages.push({ channel: "command", payload: encodeCommand(command) });
    }
    return messages.length === 0 ? null : { mac, messages };
  }

  /** What a hello says of the version in use. */
  #compare(deviceId: number, part: DesiredPart, atMs: number, inUse: number): void {
    const row = this.#sql.part.get(deviceId, part);
    if (row === undefined || row.state === PartState.Refused || row.state === PartState.RolledBack) return;
    // The database was put back to an older one.
    if (inUse > row.version) this.#sql.raise.run(inUse + 1, atMs, deviceId, part);
    // What was applied is in use no more: the board was flashed anew.
    else if (inUse !== row.version && row.state === PartState.Applied)
      this.#sql.endPart.run({ deviceId, part, state: PartState.Pending, ...NO_REASON, atMs });
  }

  #takePartResult(deviceId: number, atMs: number, result: Result): void {
    const { code, value, setting, configVersion, graphVersion } = result;
    const part = configVersion !== null ? DesiredPart.Config : DesiredPart.Graph;
    const version = configVersion ?? graphVersion ?? 0;
    const row = this.#sql.part.get(deviceId, part);
    const end = END_OF_PART.get(code);
    if (row === undefined || end === undefined || version < row.version) return;
    if (version === row.version) {
      this.#sql.endPart.run({ deviceId, part, state: end, reason: value, setting, atMs });
      if (end !== row.state) this.#tellPart(deviceId, part, version, end, atMs);
    } else this.#sql.raise.run(version + 1, atMs, deviceId, part);
    if (version === row.version && end === PartState.Applied) {
      if (part === DesiredPart.Config) this.#sql.setConfigVersion.run(version, deviceId);
      else this.#sql.setGraphVersion.run(version, deviceId);
    }
  }

  #takeCommandResult(deviceId: number, atMs: number, id: number, { code, value }: Result): void {
    const state = this.#sql.stateOf.get(deviceId, id)?.state;
    if (state === undefined || state >= CommandState.Done) return;
    if (code === ResultCode.Accepted) this.#sql.accept.run(code, atMs, deviceId, id);
    else if (code === ResultCode.Done) this.#end(deviceId, id, CommandState.Done, code, value, atMs);
    else if (code === ResultCode.Expired) this.#end(deviceId, id, CommandState.Expired, code, value, atMs);
    // It was taken before; what became of it, its first answer would have said.
    else if (code === ResultCode.Repeated && state === CommandState.Accepted)
      this.#end(deviceId, id, CommandState.Done, code, value, atMs);
    else this.#end(deviceId, id, CommandState.Failed, code, value, atMs);
  }

  #end(deviceId: number, id: number, state: CommandState, code: number, value: number | null, atMs: number): void {
    this.#sql.end.run(state, code, value, atMs, deviceId, id);
    const detail = { command: id, state: kebab(CommandState[state], state), code, value };
    this.#tell({ kind: "device.answered", device: deviceId, atMs, detail });
  }

  #tellPart(deviceId: number, part: DesiredPart, version: number, state: PartState, atMs: number): void {
    const detail = { part: CHANNELS[part], version, state: kebab(PartState[state], state) };
    this.#tell({ kind: "device.configured", device: deviceId, atMs, detail });
  }
}

/** A result with another code ends nothing. */
const END_OF_PART = new Map<number, PartState>([
  [ResultCode.Done, PartState.Applied],
  [ResultCode.Refused, PartState.Refused],
  [ResultCode.RolledBack, PartState.RolledBack],
]);

function versionIn(hello: Hello, part: DesiredPart): number {
  return (part === DesiredPart.Config ? hello.configVersion : hello.graphVersion) ?? 0;
}

interface DeviceRow {
  id: number;
  project: number | null;
  organisation: number | null;
  product: string | null;
  slot: number | null;
  helloMs: number | null;
  configVersion: number | null;
  graphVersion: number | null;
}

const DEVICE = `d.id, d.project_id AS project, p.organisation_id AS organisation, d.product, d.slot, d.hello_ms AS helloMs,
  d.config_version AS configVersion, d.graph_version AS graphVersion FROM devices d LEFT JOIN projects p ON p.id = d.project_id`;
const PART_COLUMNS = "part, version, product, chosen, content, state";
const OPEN = `state <= ${CommandState.Accepted}`;

function prepare(db: Database.Database) {
  return {
    device: db.prepare<[string], DeviceRow>(`SELECT ${DEVICE} WHERE d.mac = ?`),
    deviceOf: db.prepare<[number], DeviceRow>(`SELECT ${DEVICE} WHERE d.id = ?`),
    part: db.prepare<[number, DesiredPart], PartRow>(
      `SELECT ${PART_COLUMNS} FROM desired_parts WHERE device_id = ? AND part = ?`,
    ),
    openParts: db.prepare<[number, PartState], PartRow>(
      `SELECT ${PART_COLUMNS} FROM desired_parts WHERE device_id = ? AND state <= ? ORDER BY part`,
    ),
    setPart: db.prepare(
      `INSERT OR REPLACE INTO desired_parts (device_id, part, version, product, chosen, content, state, set_ms, state_ms)
       VALUES (@deviceId, @part, @version, @product, @chosen, @content, ${PartState.Pending}, @atMs, @atMs)`,
    ),
    setChosen: db.prepare("UPDATE desired_parts SET chosen = ? WHERE device_id = ? AND part = ?"),
    setConflict: db.prepare("INSERT OR REPLACE INTO config_conflicts (device_id, faults, at_ms) VALUES (?, ?, ?)"),
    noteFlashed: db.prepare(
      `INSERT INTO flashed_settings (device_id, product, settings) VALUES (@deviceId, @product, @settings)
       ON CONFLICT (device_id) DO UPDATE SET product = excluded.product, settings = excluded.settings
         WHERE product <> excluded.product OR settings <> excluded.settings`,
    ),
    forgetFlashed: db.prepare<[number]>("DELETE FROM flashed_settings WHERE device_id = ?"),
    endConflict: db.prepare<[number]>("DELETE FROM config_conflicts WHERE device_id = ?"),
    setNextSecret: db.prepare(
      "UPDATE devices SET next_secret = nullif(json_extract(?, '$.connection.secret'), secret) WHERE id = ?",
    ),
    /** Also back to the beginning. The time is that of the change: sent again is no change. */
    endPart: db.prepare(
      `UPDATE desired_parts SET state_ms = CASE WHEN state = @state THEN state_ms ELSE @atMs END, state = @state,
         reason = @reason, setting = @setting WHERE device_id = @deviceId AND part = @part`,
    ),
    raise: db.prepare(
      `UPDATE desired_parts SET version = ?, state = ${PartState.Pending}, reason = NULL, setting = NULL, state_ms = ?
       WHERE device_id = ? AND part = ?`,
    ),
    setConfigVersion: db.prepare("UPDATE devices SET config_version = ? WHERE id = ?"),
    setGraphVersion: db.prepare("UPDATE devices SET graph_version = ? WHERE id = ?"),
    openCount: db.prepare<[number], { count: number }>(
      `SELECT count(*) AS count FROM commands WHERE device_id = ? AND ${OPEN}`,
    ),
    lastId: db.prepare<[number], { id: number | null }>("SELECT max(id) AS id FROM commands WHERE device_id = ?"),
    addCommand: db.prepare(
      `INSERT INTO commands (device_id, id, method, argument, second, expires_s, state, created_ms)
       VALUES (?, ?, ?, ?, ?, ?, ${CommandState.Queued}, ?)`,
    ),
    trim: db.prepare(
      `DELETE FROM commands WHERE device_id = ? AND state > ${CommandState.Accepted} AND id <= (
         SELECT id FROM commands WHERE device_id = ? ORDER BY id DESC LIMIT 1 OFFSET ?)`,
    ),
    /** One that was sent may have been taken in time; the device says so. */
    expire: db.prepare(
      `UPDATE commands SET state = ${CommandState.Expired}, ended_ms = ?
       WHERE device_id = ? AND state = ${CommandState.Queued} AND expires_s * 1000 < ?`,
    ),
    firstOpen: db.prepare<[number], CommandRow>(
      `SELECT id, method, argument, second, expires_s AS expiresS, state FROM commands
       WHERE device_id = ? AND ${OPEN} ORDER BY id LIMIT 1`,
    ),
    stateOf: db.prepare<[number, number], { state: CommandState }>(
      "SELECT state FROM commands WHERE device_id = ? AND id = ?",
    ),
    setSent: db.prepare(
      `UPDATE commands SET state = ${CommandState.Sent}, sent_ms = coalesce(sent_ms, ?) WHERE device_id = ? AND id = ?`,
    ),
    accept: db.prepare(
      `UPDATE commands SET state = ${CommandState.Accepted}, code = ?, ended_ms = ? WHERE device_id = ? AND id = ?`,
    ),
    end: db.prepare("UPDATE commands SET state = ?, code = ?, value = ?, ended_ms = ? WHERE device_id = ? AND id = ?"),
    endAccepted: db.prepare(
      `UPDATE commands SET state = ${CommandState.Done}, ended_ms = ?
       WHERE device_id = ? AND state = ${CommandState.Accepted}`,
    ),
  };
}
