/** Questions about templates, and what devices have of them, on the reader's connection. */
import type Database from "better-sqlite3";
import type { Attribute, AttributeValue } from "../fleet/template.ts";
import { HAS_PLACE } from "./fleet-rule.ts";

export interface TemplateRow {
  id: number;
  organisationId: number;
  organisation: string;
  name: string;
  description: string;
  /** The newest. */
  version: number;
  revision: number;
  devices: number;
  createdMs: number;
  changedMs: number;
}

export interface TemplateVersionRow {
  version: number;
  createdMs: number;
}

export interface DeviceTemplateRow {
  template: number;
  name: string;
  /** That counts for the device. */
  version: number;
  pinned: number | null;
}

export type DeviceAttribute = Omit<DeviceTemplateRow, "pinned"> & { attribute: Attribute };

type Stored<T> = Omit<T, "attribute"> & { definition: string };

export class TemplateReader {
  readonly #sql: ReturnType<typeof prepare>;

  constructor(db: Database.Database) {
    this.#sql = prepare(db);
  }

  /** `organisations` null: of all. */
  templates(afterId: number, limit: number, organisations: readonly number[] | null): TemplateRow[] {
    const only = organisations === null ? null : JSON.stringify(organisations);
    return this.#sql.templates.all({ afterId, limit, only });
  }

  template(id: number): TemplateRow | undefined {
    return this.#sql.template.get(id);
  }

  /** Newest first. */
  versions(template: number, beforeVersion: number, limit: number): TemplateVersionRow[] {
    return this.#sql.versions.all(template, beforeVersion, limit);
  }

  attributes(template: number, version: number): Attribute[] {
    return this.#sql.attributes.all(template, version).map(({ definition }) => JSON.parse(definition) as Attribute);
  }

  ofDevice(deviceId: number): DeviceTemplateRow[] {
    return this.#sql.ofDevice.all(deviceId);
  }

  attributesOfDevice(deviceId: number): DeviceAttribute[] {
    return this.#sql.attributesOfDevice
      .all(deviceId)
      .map(({ definition, ...row }) => ({ ...row, attribute: JSON.parse(definition) as Attribute }));
  }

  overrides(deviceId: number): Map<string, AttributeValue> {
    const rows = this.#sql.overrides.all(deviceId);
    return new Map(rows.map(({ label, value }) => [label, JSON.parse(value) as AttributeValue]));
  }
}

const TEMPLATE = `t.id, t.organisation_id AS organisationId, o.slug AS organisation, t.name, t.description, t.version, t.revision,
  (SELECT count(*) FROM device_templates u JOIN devices d ON d.id = u.device_id WHERE u.template_id = t.id AND ${HAS_PLACE}) AS devices, t.created_ms AS createdMs,
  t.changed_ms AS changedMs FROM templates t JOIN organisations o ON o.id = t.organisation_id`;
const IN_USE = "FROM device_templates u JOIN templates t ON t.id = u.template_id";
const NAMED = "t.id AS template, t.name, coalesce(u.pinned, t.version) AS version";

function prepare(db: Database.Database) {
  return {
    templates: db.prepare<[{ afterId: number; limit: number; only: string | null }], TemplateRow>(
      `SELECT ${TEMPLATE} WHERE t.id > @afterId
         AND (@only IS NULL OR t.organisation_id IN (SELECT value FROM json_each(@only))) ORDER BY t.id LIMIT @limit`,
    ),
    template: db.prepare<[number], TemplateRow>(`SELECT ${TEMPLATE} WHERE t.id = ?`),
    versions: db.prepare<[number, number, number], TemplateVersionRow>(
      `SELECT version, created_ms AS createdMs FROM template_versions WHERE template_id = ? AND version < ?
       ORDER BY version DESC LIMIT ?`,
    ),
    attributes: db.prepare<[number, number], { definition: string }>(
      "SELECT definition FROM template_attributes WHERE template_id = ? AND version = ? ORDER BY place",
    ),
    ofDevice: db.prepare<[number], DeviceTemplateRow>(
      `SELECT ${NAMED}, u.pinned ${IN_USE} WHERE u.device_id = ? ORDER BY u.place`,
    ),
    attributesOfDevice: db.prepare<[number], Stored<DeviceAttribute>>(
      `SELECT ${NAMED}, a.definition ${IN_USE}
       JOIN template_attributes a ON a.template_id = t.id AND a.version = coalesce(u.pinned, t.version)
       WHERE u.device_id = ? ORDER BY u.place, a.place`,
    ),
    overrides: db.prepare<[number], { label: string; value: string }>(
      "SELECT label, value FROM device_overrides WHERE device_id = ? ORDER BY label",
    ),
  };
}
