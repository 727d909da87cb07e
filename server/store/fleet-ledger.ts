/** Tags, properties, places and fleets, the writer's side. What a fleet's criterion names was looked at before (server/api). */
import type Database from "better-sqlite3";
import type { FactOwner, FleetCriterion, FleetRequest } from "../fleet/fleet-requests.ts";
import { DEVICE_TAGS_MAX, FLEET_MEMBERS_MAX, FLEETS_MAX, PROPERTIES_MAX } from "../limits.ts";
import { RolloutState } from "../rollouts/rollout-states.ts";
import type { StoreAnswer } from "../updates/store-requests.ts";
import type { Handlers } from "./handlers.ts";

/** Of rollouts that take nobody in any more, nor offer anything. */
const ENDED_STATES = [RolloutState.Finished, RolloutState.Aborted, RolloutState.RolledBack];

type Of<Kind extends FleetRequest["kind"]> = Extract<FleetRequest, { kind: Kind }>;

export class FleetLedger {
  readonly #sql: ReturnType<typeof prepare>;
  readonly handlers: Handlers<FleetRequest> = {
    changeTags: ({ device, add, remove }) => {
      if (this.#sql.device.get(device) === undefined) return { outcome: "deviceUnknown" };
      const named = JSON.stringify([...add, ...remove]);
      if ((this.#sql.countOtherTags.get(device, named)?.count ?? 0) + add.length > DEVICE_TAGS_MAX)
        return { outcome: "tooMany" };
      for (const tag of remove) this.#sql.removeTag.run(device, tag);
      for (const tag of add) this.#sql.addTag.run(device, tag);
      return { outcome: "done" };
    },
    changeProperties: ({ owner, values }) => {
      const { table, id } = this.#owner(owner);
      if (id === undefined) return { outcome: table === "device" ? "deviceUnknown" : "projectUnknown" };
      const sql = this.#sql.properties[table];
      const added = Object.values(values).filter((value) => value !== null).length;
      const others = sql.countOthers.get(id, JSON.stringify(Object.keys(values)))?.count ?? 0;
      if (added > 0 && others + added > PROPERTIES_MAX) return { outcome: "tooMany" };
      for (const [name, value] of Object.entries(values)) {
        if (value === null) sql.remove.run(id, name);
        else sql.set.run(id, name, value);
      }
      return { outcome: "done" };
    },
    setPlace: ({ owner, place }) => {
      const { table, id } = this.#owner(owner);
      if (id === undefined) return { outcome: table === "device" ? "deviceUnknown" : "projectUnknown" };
      this.#sql.setPlace[table].run(place?.latitude ?? null, place?.longitude ?? null, place?.name ?? null, id);
      return { outcome: "done" };
    },
    addFleet: ({ organisation, name, description, criterion, atMs }) => {
      if (this.#sql.fleetByName.get(organisation, name) !== undefined) return { outcome: "existed" };
      if ((this.#sql.countFleets.get(organisation)?.count ?? 0) >= FLEETS_MAX) return { outcome: "tooMany" };
      const values = { organisation, name, description, ...columns(criterion), atMs };
      return { outcome: "done", id: Number(this.#sql.addFleet.run(values).lastInsertRowid) };
    },
    changeFleet: (request) => this.#changeFleet(request),
    deleteFleet: ({ fleet, revision }) => {
      const before = this.#sql.fleet.get(fleet);
      if (before === undefined) return { outcome: "fleetUnknown" };
      if (revision !== null && revision !== before.revision) return { outcome: "changedMeanwhile" };
      if (this.#sql.rolloutOfFleet.get(fleet) !== undefined) return { outcome: "inUse" };
      this.#sql.deleteFleet.run(fleet);
      return { outcome: "done" };
    },
    changeMembers: ({ fleet, add, remove }) => {
      const before = this.#sql.fleet.get(fleet);
      if (before === undefined) return { outcome: "fleetUnknown" };
      const added = add.map((mac) => this.#sql.deviceOf.get(mac, before.organisation)?.id);
      if (added.includes(undefined)) return { outcome: "deviceUnknown" };
      if ((this.#sql.countMembers.get(fleet)?.count ?? 0) + add.length > FLEET_MEMBERS_MAX)
        return { outcome: "tooMany" };
      for (const mac of remove) this.#sql.removeMember.run(fleet, mac);
      for (const device of added) this.#sql.addMember.run(fleet, device);
      return { outcome: "done" };
    },
  };

  constructor(db: Database.Database) {
    this.#sql = prepare(db);
  }

  /** The device belongs to another organisation from now on. */
  leave(deviceId: number): void {
    this.#sql.leaveFleets.run(deviceId);
  }

  /** Another board goes on in the place of one. */
  handOver(from: number, to: number): void {
    for (const copy of this.#sql.copies) copy.run(to, from);
    this.#sql.copyPlace.run({ from, to });
  }

  #changeFleet({ fleet, name, description, criterion, revision }: Of<"changeFleet">): StoreAnswer {
    const before = this.#sql.fleet.get(fleet);
    if (before === undefined) return { outcome: "fleetUnknown" };
    if (revision !== null && revision !== before.revision) return { outcome: "changedMeanwhile" };
    const other = name === undefined ? undefined : this.#sql.fleetByName.get(before.organisation, name);
    if (other !== undefined && other.id !== fleet) return { outcome: "existed" };
    this.#sql.changeFleet.run({ fleet, name: name ?? null, description: description ?? null });
    if (criterion !== undefined) this.#sql.setCriterion.run({ fleet, ...columns(criterion) });
    return { outcome: "done" };
  }

  #owner(owner: FactOwner): { table: "device" | "project"; id: number | undefined } {
    if ("device" in owner) return { table: "device", id: this.#sql.device.get(owner.device)?.id };
    return { table: "project", id: this.#sql.project.get(owner.project)?.id };
  }
}

function columns(criterion: FleetCriterion | null) {
  const { product = null, project = null, template = null, tags = [] } = criterion ?? {};
  return { hasCriterion: criterion === null ? 0 : 1, product, project, template, tags: JSON.stringify(tags) };
}

type Id = { id: number };
type Count = { count: number };

function prepare(db: Database.Database) {
  const properties = (table: "device" | "project") => ({
    countOthers: db.prepare<[number, string], Count>(
      `SELECT count(*) AS count FROM ${table}_properties WHERE ${table}_id = ?
         AND name NOT IN (SELECT value FROM json_each(?))`,
    ),
    set: db.prepare(
      `INSERT INTO ${table}_properties (${table}_id, name, value) VALUES (?, ?, ?)
       ON CONFLICT (${table}_id, name) DO UPDATE SET value = excluded.value`,
    ),
    remove: db.prepare(`DELETE FROM ${table}_properties WHERE ${table}_id = ? AND name = ?`),
  });
  const setPlace = (table: "devices" | "projects") =>
    db.prepare(`UPDATE ${table} SET latitude = ?, longitude = ?, place = ? WHERE id = ?`);
  const copy = (table: string, column: string, rest: string) =>
    db.prepare<[number, number]>(
      `INSERT OR REPLACE INTO ${table} (${column}, ${rest}) SELECT ?, ${rest} FROM ${table} WHERE ${column} = ?`,
    );
  return {
    device: db.prepare<[number], Id>("SELECT id FROM devices WHERE id = ?"),
    project: db.prepare<[number], Id>("SELECT id FROM projects WHERE id = ?"),
    deviceOf: db.prepare<[string, number], Id>(
      `SELECT d.id FROM devices d JOIN projects p ON p.id = d.project_id WHERE d.mac = ? AND p.organisation_id = ?`,
    ),
    countOtherTags: db.prepare<[number, string], Count>(
      "SELECT count(*) AS count FROM device_tags WHERE device_id = ? AND tag NOT IN (SELECT value FROM json_each(?))",
    ),
    addTag: db.prepare("INSERT INTO device_tags (device_id, tag) VALUES (?, ?) ON CONFLICT DO NOTHING"),
    removeTag: db.prepare("DELETE FROM device_tags WHERE device_id = ? AND tag = ?"),
    properties: { device: properties("device"), project: properties("project") },
    setPlace: { device: setPlace("devices"), project: setPlace("projects") },
    fleet: db.prepare<[number], { organisation: number; revision: number }>(
      "SELECT organisation_id AS organisation, revision FROM fleets WHERE id = ?",
    ),
    fleetByName: db.prepare<[number, string], Id>("SELECT id FROM fleets WHERE organisation_id = ? AND name = ?"),
    countFleets: db.prepare<[number], Count>("SELECT count(*) AS count FROM fleets WHERE organisation_id = ?"),
    addFleet: db.prepare(
      `INSERT INTO fleets (organisation_id, name, description, has_criterion, product, project_id, template_id, tags, created_ms)
       VALUES (@organisation, @name, @description, @hasCriterion, @product, @project, @template, @tags, @atMs)`,
    ),
    changeFleet: db.prepare(
      `UPDATE fleets SET name = coalesce(@name, name), description = coalesce(@description, description),
         revision = revision + 1 WHERE id = @fleet`,
    ),
    setCriterion: db.prepare(
      `UPDATE fleets SET has_criterion = @hasCriterion, product = @product, project_id = @project, template_id = @template,
         tags = @tags WHERE id = @fleet`,
    ),
    deleteFleet: db.prepare<[number]>("DELETE FROM fleets WHERE id = ?"),
    /** Of one that may still look at it. */
    rolloutOfFleet: db.prepare<[number]>(
      `SELECT 1 FROM rollouts r JOIN fleets f ON f.id = ? AND f.organisation_id = r.organisation_id
       WHERE json_extract(r.plan, '$.target.fleet') = f.id AND r.state NOT IN (${ENDED_STATES.join(", ")}) LIMIT 1`,
    ),
    countMembers: db.prepare<[number], Count>("SELECT count(*) AS count FROM fleet_members WHERE fleet_id = ?"),
    addMember: db.prepare("INSERT INTO fleet_members (fleet_id, device_id) VALUES (?, ?) ON CONFLICT DO NOTHING"),
    removeMember: db.prepare(
      "DELETE FROM fleet_members WHERE fleet_id = ? AND device_id = (SELECT id FROM devices WHERE mac = ?)",
    ),
    leaveFleets: db.prepare<[number]>("DELETE FROM fleet_members WHERE device_id = ?"),
    copies: [
      copy("device_tags", "device_id", "tag"),
      copy("device_properties", "device_id", "name, value"),
      copy("fleet_members", "device_id", "fleet_id"),
    ],
    copyPlace: db.prepare<[{ from: number; to: number }]>(
      `UPDATE devices SET (latitude, longitude, place) = (SELECT latitude, longitude, place FROM devices WHERE id = @from)
       WHERE id = @to`,
    ),
  };
}
