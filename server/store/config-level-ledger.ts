/**
 * Levels of configuration, the writer's side: a change of one, and the devices below it resolved anew in steps. How far that is
 * is in the level's row, so it outlasts a restart; a level that changes meanwhile begins again. Levels take turns, so that one
 * organisation that changes its own over and over holds up no other.
 */
import type Database from "better-sqlite3";
import type { SettingValue } from "../../runtime/product/setting.ts";
import { CONFIG_LEVELS_MAX, CONFIG_STEP_CHANGES, CONFIG_STEP_DEVICES } from "../limits.ts";
import { macToNumber } from "../mac-address.ts";
import { encodeConfig, settingFaults } from "../orders/chosen-config.ts";
import type { ConfigLevelRequest, LevelPlace } from "../orders/config-levels.ts";
import type { StoreAnswer } from "../updates/store-requests.ts";
import type { ConfigResolver } from "./config-resolver.ts";
import type { Handlers } from "./handlers.ts";
import type { OrderLedger } from "./order-ledger.ts";

type Of<Kind extends ConfigLevelRequest["kind"]> = Extract<ConfigLevelRequest, { kind: Kind }>;
type Values = Record<string, SettingValue>;

export class ConfigLevelLedger {
  readonly #sql: ReturnType<typeof prepare>;
  readonly #resolver: ConfigResolver;
  readonly #orders: OrderLedger;
  #lastSwept = 0;
  readonly handlers: Handlers<ConfigLevelRequest> = {
    setConfigLevel: (request) => this.#set(request),
    sweepConfigs: ({ atMs }) => this.#sweep(atMs),
  };

  constructor(db: Database.Database, resolver: ConfigResolver, orders: OrderLedger) {
    this.#sql = prepare(db);
    this.#resolver = resolver;
    this.#orders = orders;
  }

  #set({ place, product, settings, isWhole, version, atMs }: Of<"setConfigLevel">): StoreAnswer {
    const { organisation = null, project = null } = place;
    const before = this.#sql.level.get({ organisation, project, product });
    if (version !== null && version !== (before?.version ?? 0)) return { outcome: "changedMeanwhile" };
    if (before === undefined && (this.#sql.count.get({ organisation, project })?.count ?? 0) >= CONFIG_LEVELS_MAX)
      return { outcome: "tooMany" };
    const values: Values = isWhole || before === undefined ? {} : (JSON.parse(before.settings) as Values);
    for (const [name, value] of Object.entries(settings)) {
      if (value === null) delete values[name];
      else values[name] = value;
    }
    const faults = this.#faults(place, product, values);
    if (faults.length > 0) return { outcome: "configRefused", faults };
    const text = JSON.stringify(values);
    if (text === before?.settings) return { outcome: "done" };
    if (before === undefined) this.#sql.add.run({ organisation, project, product, settings: text, atMs });
    else this.#sql.change.run({ id: before.id, settings: text, atMs });
    return { outcome: "done" };
  }

  /** Of the level itself, and of it together with those above. */
  #faults({ organisation, project }: LevelPlace, product: string, values: Values): string[] {
    const schema = this.#resolver.settingsOf(product) ?? {};
    const faults = settingFaults(schema, values);
    if (faults.length > 0) return faults;
    const above = project === undefined ? null : (this.#sql.organisationOf.get(project)?.organisation ?? null);
    const isAccount = organisation === undefined && project === undefined;
    const inherited = isAccount ? {} : this.#resolver.inherited({ project: null, organisation: above }, product);
    const content = encodeConfig(schema, { settings: values, connection: {}, inherited });
    return Array.isArray(content) ? content : [];
  }

  #sweep(atMs: number): StoreAnswer {
    const known = JSON.stringify(this.#resolver.products);
    const level = this.#sql.toSweep.get(known, this.#lastSwept);
    if (level === undefined) return { outcome: "done", isMore: false };
    this.#lastSwept = level.id;
    const rows =
      level.project === null
        ? this.#sql.devices.all(level.swept, CONFIG_STEP_DEVICES)
        : this.#sql.devicesOfProject.all(level.project, level.swept, CONFIG_STEP_DEVICES);
    const orders: NonNullable<StoreAnswer["ordersDue"]>[] = [];
    let [swept, changes]: [string | null, number] = [rows.length < CONFIG_STEP_DEVICES ? null : "", 0];
    for (const { id, mac, product, organisation, online } of rows) {
      if (swept !== null) swept = mac;
      if (product !== level.product || (level.organisation !== null && level.organisation !== organisation)) continue;
      if (!this.#orders.resolveAnew(id, atMs)) continue;
      const due = online === 1 ? this.#orders.dueNow(id, macToNumber(mac), atMs) : null;
      if (due !== null) orders.push(due);
      if (++changes < CONFIG_STEP_CHANGES) continue;
      swept = mac;
      break;
    }
    this.#sql.setSwept.run(swept, level.id);
    return { outcome: "done", isMore: this.#sql.toSweep.get(known, 0) !== undefined, swept: { orders, changes } };
  }
}

interface LevelRow {
  id: number;
  organisation: number | null;
  project: number | null;
  product: string;
  swept: string;
}

interface DeviceRow {
  id: number;
  mac: string;
  product: string | null;
  organisation: number | null;
  online: number;
}

type Place = { organisation: number | null; project: number | null };

function prepare(db: Database.Database) {
  const at = "organisation_id IS @organisation AND project_id IS @project";
  const device = `d.id, d.mac, d.product, d.online, p.organisation_id AS organisation
    FROM devices d LEFT JOIN projects p ON p.id = d.project_id`;
  return {
    level: db.prepare<[Place & { product: string }], { id: number; settings: string; version: number }>(
      `SELECT id, settings, version FROM config_levels WHERE product = @product AND ${at}`,
    ),
    count: db.prepare<[Place], { count: number }>(`SELECT count(*) AS count FROM config_levels WHERE ${at}`),
    add: db.prepare(
      `INSERT INTO config_levels (organisation_id, project_id, product, settings, version, changed_ms, swept)
       VALUES (@organisation, @project, @product, @settings, 1, @atMs, '')`,
    ),
    change: db.prepare(
      `UPDATE config_levels SET settings = @settings, version = version + 1, changed_ms = @atMs, swept = '' WHERE id = @id`,
    ),
    organisationOf: db.prepare<[number], { organisation: number }>(
      "SELECT organisation_id AS organisation FROM projects WHERE id = ?",
    ),
    /** Products that this server does not know wait until it is started with them. */
    toSweep: db.prepare<[string, number], LevelRow>(
      `SELECT id, organisation_id AS organisation, project_id AS project, product, swept FROM config_levels
       WHERE swept IS NOT NULL AND product IN (SELECT value FROM json_each(?)) ORDER BY id <= ?, id LIMIT 1`,
    ),
    devices: db.prepare<[string, number], DeviceRow>(`SELECT ${device} WHERE d.mac > ? ORDER BY d.mac LIMIT ?`),
    devicesOfProject: db.prepare<[number, string, number], DeviceRow>(
      `SELECT ${device} WHERE d.project_id = ? AND d.mac > ? ORDER BY d.mac LIMIT ?`,
    ),
    setSwept: db.prepare("UPDATE config_levels SET swept = ? WHERE id = ?"),
  };
}
