/** Templates of an organisation: what a kind of device has, in versions. */
import * as Type from "typebox/type";
import { type Attribute, readAttributes } from "../fleet/template.ts";
import { PAGE_DEFAULT_ROWS, TEMPLATE_VERSIONS_MAX } from "../limits.ts";
import type { TemplateRow } from "../store/template-reader.ts";
import type { StoreAnswer } from "../updates/store-requests.ts";
import type { RequestAccess } from "./access-gate.ts";
import { expectedVersion } from "./condition-hook.ts";
import { afterNumber, showTime } from "./device-routes.ts";
import { showVersion } from "./etag-hook.ts";
import { cutPage, decodeNumbers } from "./page-cursor.ts";
import { demandDone } from "./people-outcomes.ts";
import type { TemplatePort, TemplateStorePort } from "./ports.ts";
import { Problem } from "./problem.ts";
import { OrganisationQuery, PageQuery, PROBLEM_RESPONSES, page } from "./schemas.ts";
import {
  TemplateBody,
  TemplateParams,
  TemplatePatch,
  TemplateSchema,
  TemplateSummary,
  TemplateVersionSchema,
} from "./template-schemas.ts";
import type { ApiApp } from "./typed-app.ts";

const PATH = "/api/v1/templates";
const SETTINGS_TOLD_MAX = 50;

export function addTemplateRoutes(
  app: ApiApp,
  store: TemplateStorePort,
  request: TemplatePort,
  /** Of all products that the server was told of. */
  settings: ReadonlySet<string>,
  nowMs: () => number,
): void {
  const show = (row: TemplateRow) => ({
    ...showTemplate(row),
    attributes: [...store.attributes(row.id, row.version)],
  });

  app.get(
    PATH,
    {
      config: { access: "read" },
      schema: {
        summary: "Templates of devices",
        querystring: PageQuery,
        response: { 200: page(TemplateSummary), ...PROBLEM_RESPONSES },
      },
    },
    async ({ query, access }) => {
      const { limit = PAGE_DEFAULT_ROWS } = query;
      const rows = store.templates(afterNumber(query.cursor), limit + 1, access.organisations());
      const { items, next } = cutPage(rows, limit, ({ id }) => [id]);
      return { items: items.map(showTemplate), next };
    },
  );

  app.post(
    PATH,
    {
      config: { access: "operate" },
      schema: {
        summary: "Makes a template",
        querystring: OrganisationQuery,
        body: TemplateBody,
        response: { 201: TemplateSchema, ...PROBLEM_RESPONSES },
      },
    },
    async ({ query, body, access }, reply) => {
      const { id: organisation } = access.place(query.organisation);
      const { name, description = "" } = body;
      const attributes = readWishes(body.attributes);
      checkSettings(attributes, settings);
      const { id = 0 } = demand(
        await request({ kind: "addTemplate", organisation, name, description, attributes, atMs: nowMs() }),
      );
      const template = findTemplate(store, access, id);
      reply.code(201).header("location", `${PATH}/${id}`);
      showVersion(reply, template.revision);
      return show(template);
    },
  );

  app.get(
    `${PATH}/:template`,
    {
      config: { access: "read" },
      schema: {
        summary: "One template, with the attributes of its newest version",
        params: TemplateParams,
        response: { 200: TemplateSchema, ...PROBLEM_RESPONSES },
      },
    },
    async ({ params, access }, reply) => {
      const template = findTemplate(store, access, params.template);
      showVersion(reply, template.revision);
      return show(template);
    },
  );

  app.patch(
    `${PATH}/:template`,
    {
      config: { access: "operate" },
      schema: {
        summary: "Changes a template; other attributes are a new version of it",
        description:
          "Devices that are not pinned to a version follow at once. A version that would give one of them a label twice is " +
          "refused, with the device.",
        params: TemplateParams,
        body: TemplatePatch,
        response: { 200: TemplateSchema, ...PROBLEM_RESPONSES },
      },
    },
    async (asked, reply) => {
      const { params, body, access } = asked;
      const { id, version } = findTemplate(store, access, params.template);
      const { name, description } = body;
      const attributes = body.attributes && readWishes(body.attributes);
      // What it has already it keeps, also where the server was started without the product.
      checkSettings(attributes ?? [], settings, settingsOf(store.attributes(id, version)));
      const revision = expectedVersion(asked);
      demand(
        await request({ kind: "changeTemplate", template: id, name, description, attributes, revision, atMs: nowMs() }),
      );
      const template = findTemplate(store, access, id);
      showVersion(reply, template.revision);
      return show(template);
    },
  );

  app.delete(
    `${PATH}/:template`,
    {
      config: { access: "operate" },
      schema: {
        summary: "Deletes a template that no device has",
        params: TemplateParams,
        response: { 204: Type.Null(), ...PROBLEM_RESPONSES },
      },
    },
    async (asked, reply) => {
      const { id } = findTemplate(store, asked.access, asked.params.template);
      demand(await request({ kind: "deleteTemplate", template: id, revision: expectedVersion(asked), atMs: nowMs() }));
      return reply.code(204).send(null);
    },
  );

  app.get(
    `${PATH}/:template/versions`,
    {
      config: { access: "read" },
      schema: {
        summary: "Versions of a template, the newest first",
        params: TemplateParams,
        querystring: PageQuery,
        response: { 200: page(TemplateVersionSchema), ...PROBLEM_RESPONSES },
      },
    },
    async ({ params, query, access }) => {
      const { id } = findTemplate(store, access, params.template);
      const { limit = PAGE_DEFAULT_ROWS, cursor } = query;
      const before = cursor === undefined ? Number.MAX_SAFE_INTEGER : (decodeNumbers(cursor, 1)[0] ?? 0);
      const { items, next } = cutPage(store.versions(id, before, limit + 1), limit, ({ version }) => [version]);
      return {
        items: items.map(({ version, createdMs }) => ({
          version,
          created: showTime(createdMs),
          attributes: [...store.attributes(id, version)],
        })),
        next,
      };
    },
  );
}

export function findTemplate(store: TemplateStorePort, access: RequestAccess, id: number): TemplateRow {
  const unknown = () => new Problem("templateUnknown", `no template ${id}; see ${PATH}`);
  const template = store.template(id);
  if (template === undefined) throw unknown();
  access.judge(template.organisationId, unknown);
  return template;
}

function showTemplate({ id, organisation, name, description, version, devices, createdMs, changedMs }: TemplateRow) {
  const times = { created: showTime(createdMs), changed: showTime(changedMs) };
  return { id, organisation, name, description, version, devices, ...times };
}

function readWishes(wishes: Parameters<typeof readAttributes>[0]) {
  const read = readAttributes(wishes);
  if ("faults" in read) throw new Problem("templateRefused", read.faults.join("; "));
  return read.attributes;
}

function settingsOf(attributes: readonly Attribute[]): Set<string> {
  return new Set(attributes.flatMap((one) => ("setting" in one ? [one.setting] : [])));
}

/** A server that was told of no product knows of no setting, and takes what it is given. */
function checkSettings(
  attributes: readonly Attribute[],
  known: ReadonlySet<string>,
  before: ReadonlySet<string> = new Set(),
): void {
  if (known.size === 0) return;
  const unknown = [...settingsOf(attributes)].filter((name) => !known.has(name) && !before.has(name));
  if (unknown.length === 0) return;
  const names = [...known].sort();
  const more = names.length > SETTINGS_TOLD_MAX ? ` and ${names.length - SETTINGS_TOLD_MAX} more` : "";
  throw new Problem(
    "templateRefused",
    `no product of this server has the setting ${unknown.join(", ")}; there are ${names.slice(0, SETTINGS_TOLD_MAX).join(", ")}${more}. ` +
      "Those of another product are known once the server is started with its folder (--product)",
  );
}

/** Throws unless it was done. */
export function demand(answer: StoreAnswer): StoreAnswer {
  const { outcome, overlap } = answer;
  if (overlap !== undefined) {
    const where = overlap.device === null ? "" : ` of device ${overlap.device}`;
    const both = overlap.templates.join(" and ");
    throw new Problem("attributesOverlap", `${overlap.label} is in both templates${where}, ${both}: rename it in one`);
  }
  if (outcome === "templateUnknown")
    throw new Problem("templateUnknown", `there is no such template, or no such version of it; see ${PATH}`);
  if (outcome === "inUse")
    throw new Problem(
      "templateInUse",
      "take it away from its devices first (GET /api/v1/devices?template=), and from the criteria of fleets",
    );
  if (outcome === "tooMany")
    throw new Problem(
      "tooMany",
      `delete what is not needed; a template keeps ${TEMPLATE_VERSIONS_MAX} versions, and those that devices are pinned to`,
    );
  return demandDone(answer);
}
