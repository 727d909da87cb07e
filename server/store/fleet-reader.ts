/** Questions about fleets, properties and places, on the reader's connection. Devices of a fleet: reader.ts. */
import type Database from "better-sqlite3";
import type { FactOwner, Place } from "../fleet/fleet-requests.ts";
import { HAS_PLACE, isInFleet } from "./fleet-rule.ts";

export interface FleetRow {
  id: number;
  organisationId: number;
  organisation: string;
  name: string;
  description: string;
  hasCriterion: number;
  product: string | null;
  project: number | null;
  template: number | null;
  /** As JSON. */
  tags: string;
  members: number;
  revision: number;
  createdMs: number;
}

type Property = { name: string; value: string };
type StoredPlace = { [Part in keyof Place]: Place[Part] | null };

export class FleetReader {
  readonly #sql: ReturnType<typeof prepare>;

  constructor(db: Database.Database) {
    this.#sql = prepare(db);
  }

  /** `organisations` null: of all. */
  fleets(afterId: number, limit: number, organisations: readonly number[] | null): FleetRow[] {
    const only = organisations === null ? null : JSON.stringify(organisations);
    return this.#sql.fleets.all({ afterId, limit, only });
  }

  fleet(id: number): FleetRow | undefined {
    return this.#sql.fleet.get(id);
  }

  /** Devices that are in it now. Looks at every device of the organisation: some milliseconds for thousands. */
  countDevices(fleet: number): number {
    return this.#sql.countDevices.get({ fleet }) ?? 0;
  }

  /** MAC addresses. */
  members(fleet: number, afterMac: string, limit: number): string[] {
    return this.#sql.members.all(fleet, afterMac, limit);
  }

  properties(owner: FactOwner): Record<string, string> {
    const [statement, id] =
      "device" in owner ? [this.#sql.deviceProperties, owner.device] : [this.#sql.projectProperties, owner.project];
    return Object.fromEntries(statement.all(id).map(({ name, value }) => [name, value]));
  }

  /** Where the project itself says that it is. */
  placeOfProject(project: number): Place | null {
    const { latitude = null, longitude = null, name = null } = this.#sql.placeOfProject.get(project) ?? {};
    return latitude === null || longitude === null ? null : { latitude, longitude, name };
  }
}

const FLEET = `f.id, f.organisation_id AS organisationId, o.slug AS organisation, f.name, f.description,
  f.has_criterion AS hasCriterion, f.product, f.project_id AS project, f.template_id AS template, f.tags,
  (SELECT count(*) FROM fleet_members m JOIN devices d ON d.id = m.device_id WHERE m.fleet_id = f.id AND ${HAS_PLACE}) AS members, f.revision, f.created_ms AS createdMs
  FROM fleets f JOIN organisations o ON o.id = f.organisation_id`;

function prepare(db: Database.Database) {
  const properties = (table: string) =>
    db.prepare<[number], Property>(`SELECT name, value FROM ${table}_properties WHERE ${table}_id = ? ORDER BY name`);
  return {
    fleets: db.prepare<[{ afterId: number; limit: number; only: string | null }], FleetRow>(
      `SELECT ${FLEET} WHERE f.id > @afterId
         AND (@only IS NULL OR f.organisation_id IN (SELECT value FROM json_each(@only))) ORDER BY f.id LIMIT @limit`,
    ),
    fleet: db.prepare<[number], FleetRow>(`SELECT ${FLEET} WHERE f.id = ?`),
    countDevices: db
      .prepare<[{ fleet: number }], number>(
        `SELECT count(*) FROM devices d JOIN projects p ON p.id = d.project_id
         WHERE p.organisation_id = (SELECT organisation_id FROM fleets WHERE id = @fleet) AND ${isInFleet("@fleet")}`,
      )
      .pluck(),
    members: db
      .prepare<[number, string, number], string>(
        `SELECT d.mac FROM fleet_members m JOIN devices d ON d.id = m.device_id
         WHERE m.fleet_id = ? AND d.mac > ? AND ${HAS_PLACE} ORDER BY d.mac LIMIT ?`,
      )
      .pluck(),
    deviceProperties: properties("device"),
    projectProperties: properties("project"),
    placeOfProject: db.prepare<[number], StoredPlace>(
      "SELECT latitude, longitude, place AS name FROM projects WHERE id = ?",
    ),
  };
}
