/** Templates and what devices have of them, the writer's side. What is in an attribute was looked at before (server/fleet). */
import type Database from "better-sqlite3";
import type { TellChange } from "../events/change-kinds.ts";
import type { Attribute } from "../fleet/template.ts";
import type { Overlap, TemplateChoice, TemplateRequest } from "../fleet/template-requests.ts";
import { DEVICE_OVERRIDES_MAX, TEMPLATE_VERSIONS_MAX, TEMPLATES_MAX } from "../limits.ts";
import type { StoreAnswer } from "../updates/store-requests.ts";
import { HAS_PLACE } from "./fleet-rule.ts";
import type { Handlers } from "./handlers.ts";

type Of<Kind extends TemplateRequest["kind"]> = Extract<TemplateRequest, { kind: Kind }>;

export class TemplateLedger {
  readonly #sql: ReturnType<typeof prepare>;
  readonly #tell: TellChange;
  readonly handlers: Handlers<TemplateRequest> = {
    addTemplate: ({ organisation, name, description, attributes, atMs }) => {
      if (this.#sql.byName.get(organisation, name) !== undefined) return { outcome: "existed" };
      if ((this.#sql.count.get(organisation)?.count ?? 0) >= TEMPLATES_MAX) return { outcome: "tooMany" };
      const template = Number(this.#sql.add.run({ organisation, name, description, atMs }).lastInsertRowid);
      this.#addVersion(template, 1, attributes, atMs);
      this.#tell({ kind: "template.created", organisation, atMs, detail: { template, name, version: 1 } });
      return { outcome: "done", id: template };
    },
    changeTemplate: (request) => this.#change(request),
    deleteTemplate: ({ template, revision, atMs }) => {
      const before = this.#sql.template.get(template);
      if (before === undefined) return { outcome: "templateUnknown" };
      if (revision !== null && revision !== before.revision) return { outcome: "changedMeanwhile" };
      if (this.#sql.anyUse.get({ template }) !== undefined) return { outcome: "inUse" };
      this.#sql.takeFromAll.run(template);
      this.#sql.delete.run(template);
      const { organisation, name } = before;
      this.#tell({ kind: "template.removed", organisation, atMs, detail: { template, name } });
      return { outcome: "done" };
    },
    setDeviceTemplates: ({ mac, templates, atMs }) => this.#setDeviceTemplates(mac, templates, atMs),
    setOverrides: ({ mac, values }) => {
      const device = this.#sql.device.get(mac);
      if (device === undefined) return { outcome: "deviceUnknown" };
      const added = Object.entries(values).filter(([, value]) => value !== null);
      const others = this.#sql.countOverrides.get(device.id, JSON.stringify(Object.keys(values)))?.count ?? 0;
      if (added.length > 0 && others + added.length > DEVICE_OVERRIDES_MAX) return { outcome: "tooMany" };
      for (const [label, value] of Object.entries(values)) {
        if (value === null) this.#sql.deleteOverride.run(device.id, label);
        else this.#sql.setOverride.run(device.id, label, JSON.stringify(value));
      }
      return { outcome: "done" };
    },
  };

  constructor(db: Database.Database, tell: TellChange) {
    this.#sql = prepare(db);
    this.#tell = tell;
  }

  /** The device belongs to another organisation from now on. */
  leave(deviceId: number): void {
    this.#sql.deleteOfDevice.run(deviceId);
    this.#sql.deleteOverridesOf.run(deviceId);
  }

  /** Another board goes on in the place of one. */
  handOver(from: number, to: number): void {
    this.leave(to);
    this.#sql.copyTemplates.run(to, from);
    this.#sql.copyOverrides.run(to, from);
  }

  #change({ template, name, description, attributes, revision, atMs }: Of<"changeTemplate">): StoreAnswer {
    const before = this.#sql.template.get(template);
    if (before === undefined) return { outcome: "templateUnknown" };
    if (revision !== null && revision !== before.revision) return { outcome: "changedMeanwhile" };
    const other = name === undefined ? undefined : this.#sql.byName.get(before.organisation, name);
    if (other !== undefined && other.id !== template) return { outcome: "existed" };
    let { version } = before;
    if (attributes !== undefined && !this.#isAs(template, version, attributes)) {
      const labels = JSON.stringify(attributes.map(({ label }) => label));
      const overlap = this.#sql.overlapOfFollowers.get({ template, labels });
      if (overlap !== undefined) {
        const { label, device } = overlap;
        return { outcome: "attributesOverlap", overlap: { label, templates: [before.name, overlap.other], device } };
      }
      if (!this.#makeRoom(template, version)) return { outcome: "tooMany" };
      this.#addVersion(template, ++version, attributes, atMs);
    }
    this.#sql.change.run({ template, name: name ?? null, description: description ?? null, version, atMs });
    const detail = { template, name: name ?? before.name, version };
    this.#tell({ kind: "template.updated", organisation: before.organisation, atMs, detail });
    return { outcome: "done" };
  }

  #isAs(template: number, version: number, attributes: readonly Attribute[]): boolean {
    const present = this.#sql.definitions.all(template, version).map(({ definition }) => definition);
    return JSON.stringify(present) === JSON.stringify(attributes.map((attribute) => JSON.stringify(attribute)));
  }

  #addVersion(template: number, version: number, attributes: readonly Attribute[], atMs: number): void {
    this.#sql.addVersion.run(template, version, atMs);
    for (const [place, attribute] of attributes.entries()) {
      this.#sql.addAttribute.run(template, version, attribute.label, place, JSON.stringify(attribute));
    }
  }

  /** False: devices are pinned to all versions that there may be. */
  #makeRoom(template: number, newest: number): boolean {
    if ((this.#sql.countVersions.get(template)?.count ?? 0) < TEMPLATE_VERSIONS_MAX) return true;
    return this.#sql.dropOldest.run({ template, newest }).changes > 0;
  }

  #setDeviceTemplates(mac: string, templates: readonly TemplateChoice[], atMs: number): StoreAnswer {
    const device = this.#sql.device.get(mac);
    if (device === undefined) return { outcome: "deviceUnknown" };
    const labels = new Map<string, string>();
    for (const { template: id, version } of templates) {
      const template = this.#sql.template.get(id);
      if (template === undefined || template.organisation !== device.organisation)
        return { outcome: "templateUnknown" };
      const wanted = version ?? template.version;
      if (this.#sql.version.get(id, wanted) === undefined) return { outcome: "templateUnknown" };
      for (const { label } of this.#sql.definitions.all(id, wanted)) {
        const other = labels.get(label);
        if (other !== undefined) return overlapping({ label, templates: [other, template.name], device: mac });
        labels.set(label, template.name);
      }
    }
    this.#sql.deleteOfDevice.run(device.id);
    for (const [place, { template, version }] of templates.entries()) {
      this.#sql.give.run(device.id, template, version, place);
    }
    const detail = { templates: templates.map(({ template }) => template) };
    this.#tell({ kind: "device.updated", device: device.id, atMs, detail });
    return { outcome: "done" };
  }
}

function overlapping(overlap: Overlap): StoreAnswer {
  return { outcome: "attributesOverlap", overlap };
}

interface TemplateRow {
  id: number;
  organisation: number;
  name: string;
  version: number;
  revision: number;
}

type Count = { count: number };

function prepare(db: Database.Database) {
  return {
    device: db.prepare<[string], { id: number; organisation: number | null }>(
      `SELECT d.id, p.organisation_id AS organisation FROM devices d LEFT JOIN projects p ON p.id = d.project_id
       WHERE d.mac = ?`,
    ),
    template: db.prepare<[number], TemplateRow>(
      "SELECT id, organisation_id AS organisation, name, version, revision FROM templates WHERE id = ?",
    ),
    byName: db.prepare<[number, string], { id: number }>(
      "SELECT id FROM templates WHERE organisation_id = ? AND name = ?",
    ),
    count: db.prepare<[number], Count>("SELECT count(*) AS count FROM templates WHERE organisation_id = ?"),
    add: db.prepare(
      `INSERT INTO templates (organisation_id, name, description, version, created_ms, changed_ms)
       VALUES (@organisation, @name, @description, 1, @atMs, @atMs)`,
    ),
    change: db.prepare(
      `UPDATE templates SET name = coalesce(@name, name), description = coalesce(@description, description),
         version = @version, revision = revision + 1, changed_ms = @atMs WHERE id = @template`,
    ),
    /** That have no place any more. */
    takeFromAll: db.prepare<[number]>("DELETE FROM device_templates WHERE template_id = ?"),
    delete: db.prepare<[number]>("DELETE FROM templates WHERE id = ?"),
    anyUse: db.prepare<[{ template: number }]>(
      `SELECT 1 FROM device_templates u JOIN devices d ON d.id = u.device_id WHERE u.template_id = @template AND ${HAS_PLACE}
       UNION ALL SELECT 1 FROM fleets WHERE template_id = @template LIMIT 1`,
    ),
    addVersion: db.prepare("INSERT INTO template_versions (template_id, version, created_ms) VALUES (?, ?, ?)"),
    addAttribute: db.prepare(
      "INSERT INTO template_attributes (template_id, version, label, place, definition) VALUES (?, ?, ?, ?, ?)",
    ),
    version: db.prepare<[number, number]>("SELECT 1 FROM template_versions WHERE template_id = ? AND version = ?"),
    countVersions: db.prepare<[number], Count>("SELECT count(*) AS count FROM template_versions WHERE template_id = ?"),
    dropOldest: db.prepare<[{ template: number; newest: number }]>(
      `DELETE FROM template_versions WHERE template_id = @template AND version = (
         SELECT min(v.version) FROM template_versions v WHERE v.template_id = @template AND v.version <> @newest
           AND NOT EXISTS (SELECT 1 FROM device_templates t WHERE t.template_id = @template AND t.pinned = v.version))`,
    ),
    definitions: db.prepare<[number, number], { label: string; definition: string }>(
      "SELECT label, definition FROM template_attributes WHERE template_id = ? AND version = ? ORDER BY place",
    ),
    /** Of a device that would take the new version: a label that another template of it has. */
    overlapOfFollowers: db.prepare<
      [{ template: number; labels: string }],
      { label: string; other: string; device: string }
    >(
      `SELECT a.label, t.name AS other, d.mac AS device
       FROM device_templates mine
       JOIN device_templates theirs ON theirs.device_id = mine.device_id AND theirs.template_id <> mine.template_id
       JOIN templates t ON t.id = theirs.template_id
       JOIN template_attributes a ON a.template_id = t.id AND a.version = coalesce(theirs.pinned, t.version)
       JOIN devices d ON d.id = mine.device_id
       WHERE mine.template_id = @template AND mine.pinned IS NULL AND a.label IN (SELECT value FROM json_each(@labels))
       LIMIT 1`,
    ),
    deleteOfDevice: db.prepare<[number]>("DELETE FROM device_templates WHERE device_id = ?"),
    give: db.prepare("INSERT INTO device_templates (device_id, template_id, pinned, place) VALUES (?, ?, ?, ?)"),
    copyTemplates: db.prepare<[number, number]>(
      `INSERT INTO device_templates (device_id, template_id, pinned, place)
       SELECT ?, template_id, pinned, place FROM device_templates WHERE device_id = ?`,
    ),
    countOverrides: db.prepare<[number, string], Count>(
      `SELECT count(*) AS count FROM device_overrides
       WHERE device_id = ? AND label NOT IN (SELECT value FROM json_each(?))`,
    ),
    setOverride: db.prepare(
      `INSERT INTO device_overrides (device_id, label, value) VALUES (?, ?, ?)
       ON CONFLICT (device_id, label) DO UPDATE SET value = excluded.value`,
    ),
    deleteOverride: db.prepare("DELETE FROM device_overrides WHERE device_id = ? AND label = ?"),
    deleteOverridesOf: db.prepare<[number]>("DELETE FROM device_overrides WHERE device_id = ?"),
    copyOverrides: db.prepare<[number, number]>(
      `INSERT INTO device_overrides (device_id, label, value)
       SELECT ?, label, value FROM device_overrides WHERE device_id = ?`,
    ),
  };
}
