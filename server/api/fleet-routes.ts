/** Fleets: devices by name, and whatever device is like that now. */
import { setImmediate as nextTurn } from "node:timers/promises";
import type { Static } from "typebox";
import * as Type from "typebox/type";
import type { FleetCriterion } from "../fleet/fleet-requests.ts";
import { PAGE_DEFAULT_ROWS } from "../limits.ts";
import type { FleetRow } from "../store/fleet-reader.ts";
import type { StoreAnswer } from "../updates/store-requests.ts";
import type { RequestAccess } from "./access-gate.ts";
import { expectedVersion } from "./condition-hook.ts";
import type { FactContext } from "./device-fact-routes.ts";
import { afterNumber, findDevice, showDevice, showTime } from "./device-routes.ts";
import { showVersion } from "./etag-hook.ts";
import { FleetBody, FleetParams, FleetPatch, FleetSchema, MembersBody } from "./fleet-schemas.ts";
import { cutPage, decodeText } from "./page-cursor.ts";
import { demandDone } from "./people-outcomes.ts";
import type { FleetStorePort, TemplateStorePort } from "./ports.ts";
import { Problem } from "./problem.ts";
import { findProject } from "./project-ref.ts";
import { DeviceSchema, OrganisationQuery, PageQuery, PROBLEM_RESPONSES, page } from "./schemas.ts";
import { fleetSlug, macOf, projectSlug } from "./slugs.ts";
import { findTemplate } from "./template-routes.ts";
import type { ApiApp } from "./typed-app.ts";

const PATH = "/api/v1/fleets";

export interface FleetContext extends FactContext {
  templates: TemplateStorePort;
  nowMs: () => number;
}

export function addFleetRoutes(app: ApiApp, context: FleetContext): void {
  const { store, fleets, changeFleets, nowMs } = context;
  const show = (fleet: FleetRow) => showFleet(fleet, fleets.countDevices(fleet.id));

  app.get(
    PATH,
    {
      config: { access: "read" },
      schema: { summary: "Fleets", querystring: PageQuery, response: { 200: page(FleetSchema), ...PROBLEM_RESPONSES } },
    },
    async ({ query, access }) => {
      const { limit = PAGE_DEFAULT_ROWS } = query;
      const rows = fleets.fleets(afterNumber(query.cursor), limit + 1, access.organisations());
      const { items, next } = cutPage(rows, limit, ({ id }) => [id]);
      const shown: Array<ReturnType<typeof show>> = [];
      for (const fleet of items) {
        shown.push(show(fleet));
        // Each looks at all devices of its organisation.
        await nextTurn();
      }
      return { items: shown, next };
    },
  );

  app.post(
    PATH,
    {
      config: { access: "operate" },
      schema: {
        summary: "Makes a fleet",
        querystring: OrganisationQuery,
        body: FleetBody,
        response: { 201: FleetSchema, ...PROBLEM_RESPONSES },
      },
    },
    async ({ query, body, access }, reply) => {
      const { id: organisation } = access.place(query.organisation);
      const { name, description = "" } = body;
      const criterion = readCriterion(context, access, organisation, body.criterion ?? null);
      const { id = 0 } = demand(
        await changeFleets({ kind: "addFleet", organisation, name, description, criterion, atMs: nowMs() }),
      );
      const fleet = findFleet(fleets, access, id);
      reply.code(201).header("location", `${PATH}/${fleetSlug(id)}`);
      showVersion(reply, fleet.revision);
      return show(fleet);
    },
  );

  app.get(
    `${PATH}/:fleet`,
    {
      config: { access: "read" },
      schema: { summary: "One fleet", params: FleetParams, response: { 200: FleetSchema, ...PROBLEM_RESPONSES } },
    },
    async ({ params, access }, reply) => {
      const fleet = findFleet(fleets, access, params.fleet);
      showVersion(reply, fleet.revision);
      return show(fleet);
    },
  );

  app.patch(
    `${PATH}/:fleet`,
    {
      config: { access: "operate" },
      schema: {
        summary: "Renames a fleet, or changes what devices have to be to be in it",
        params: FleetParams,
        body: FleetPatch,
        response: { 200: FleetSchema, ...PROBLEM_RESPONSES },
      },
    },
    async (asked, reply) => {
      const { params, body, access } = asked;
      const { id, organisationId } = findFleet(fleets, access, params.fleet);
      const { name, description } = body;
      const criterion =
        body.criterion === undefined ? undefined : readCriterion(context, access, organisationId, body.criterion);
      const revision = expectedVersion(asked);
      demand(await changeFleets({ kind: "changeFleet", fleet: id, name, description, criterion, revision }));
      const fleet = findFleet(fleets, access, id);
      showVersion(reply, fleet.revision);
      return show(fleet);
    },
  );

  app.delete(
    `${PATH}/:fleet`,
    {
      config: { access: "operate" },
      schema: {
        summary: "Deletes a fleet; its devices stay",
        params: FleetParams,
        response: { 204: Type.Null(), ...PROBLEM_RESPONSES },
      },
    },
    async (asked, reply) => {
      const { id } = findFleet(fleets, asked.access, asked.params.fleet);
      demand(await changeFleets({ kind: "deleteFleet", fleet: id, revision: expectedVersion(asked) }));
      return reply.code(204).send(null);
    },
  );

  app.get(
    `${PATH}/:fleet/devices`,
    {
      config: { access: "read" },
      schema: {
        summary: "Devices that are in a fleet now: its members, and what fits its criterion",
        params: FleetParams,
        querystring: PageQuery,
        response: { 200: page(DeviceSchema), ...PROBLEM_RESPONSES },
      },
    },
    async ({ params, query, access }) => {
      const { id, organisationId } = findFleet(fleets, access, params.fleet);
      const { limit = PAGE_DEFAULT_ROWS } = query;
      const after = query.cursor === undefined ? "" : decodeText(query.cursor);
      const rows = store.devices(after, limit + 1, [organisationId], { fleet: id });
      const { items, next } = cutPage(rows, limit, ({ mac }) => [mac]);
      return { items: items.map(showDevice), next };
    },
  );

  app.get(
    `${PATH}/:fleet/members`,
    {
      config: { access: "read" },
      schema: {
        summary: "Members of a fleet, by MAC address",
        params: FleetParams,
        querystring: PageQuery,
        response: { 200: page(Type.String()), ...PROBLEM_RESPONSES },
      },
    },
    async ({ params, query, access }) => {
      const { id } = findFleet(fleets, access, params.fleet);
      const { limit = PAGE_DEFAULT_ROWS } = query;
      const after = query.cursor === undefined ? "" : decodeText(query.cursor);
      return cutPage(fleets.members(id, after, limit + 1), limit, (mac) => [mac]);
    },
  );

  app.patch(
    `${PATH}/:fleet/members`,
    {
      config: { access: "operate" },
      schema: {
        summary: "Takes devices into a fleet, and others out of it",
        description: "What fits the criterion stays in it. All of it or nothing.",
        params: FleetParams,
        body: MembersBody,
        response: { 200: FleetSchema, ...PROBLEM_RESPONSES },
      },
    },
    async ({ params, body, access }) => {
      const { id } = findFleet(fleets, access, params.fleet);
      const [add, remove] = [body.add ?? [], body.remove ?? []].map((all) => all.map((mac) => macOf(mac) ?? mac));
      for (const mac of add ?? []) findDevice(store, access, mac);
      demand(await changeFleets({ kind: "changeMembers", fleet: id, add: add ?? [], remove: remove ?? [] }));
      return show(findFleet(fleets, access, id));
    },
  );
}

function findFleet(store: FleetStorePort, access: RequestAccess, id: number): FleetRow {
  const unknown = () => new Problem("fleetUnknown", `no fleet ${id}; see ${PATH}`);
  const fleet = store.fleet(id);
  if (fleet === undefined) throw unknown();
  access.judge(fleet.organisationId, unknown);
  return fleet;
}

function readCriterion(
  { projects, templates }: FleetContext,
  access: RequestAccess,
  organisation: number,
  body: Static<typeof FleetBody>["criterion"] | null,
): FleetCriterion | null {
  if (body == null) return null;
  const { product, tags, template, project } = body;
  const elsewhere = (what: string) =>
    new Problem("fleetRefused", `${what} belongs to another organisation than the fleet`);
  if (template !== undefined && findTemplate(templates, access, template).organisationId !== organisation)
    throw elsewhere(`template ${template}`);
  const id = project === undefined ? undefined : findProject(access, projects, undefined, project);
  if (id !== undefined && projects.project(id)?.organisationId !== organisation) throw elsewhere(`project ${project}`);
  return { product, tags, template, project: id };
}

function showFleet(row: FleetRow, devices: number) {
  const { id, organisation, name, description, product, project, template, members, createdMs } = row;
  const tags = JSON.parse(row.tags) as string[];
  const criterion = {
    ...(product !== null && { product }),
    ...(project !== null && { project: projectSlug(project) }),
    ...(template !== null && { template }),
    ...(tags.length > 0 && { tags }),
  };
  const slug = fleetSlug(id);
  const common = { id, slug, organisation, name, description, members, devices, created: showTime(createdMs) };
  return { ...common, criterion: row.hasCriterion === 1 ? criterion : null };
}

function demand(answer: StoreAnswer): StoreAnswer {
  const { outcome } = answer;
  if (outcome === "fleetUnknown") throw new Problem("fleetUnknown", "the fleet was deleted in this moment");
  if (outcome === "inUse")
    throw new Problem("fleetInUse", "a rollout that has not ended looks at it; abort that first");
  if (outcome === "deviceUnknown")
    throw new Problem("deviceUnknown", "a fleet has devices of its own organisation; one of these is in another one");
  return demandDone(answer);
}
