/** How devices fare, how they did, and what is taken for normal. */
import type { FastifyReply, FastifyRequest } from "fastify";
import type { Static } from "typebox";
import type * as Type from "typebox/type";
import { resolvePolicy } from "../health/health-policy.ts";
import type { PolicyOwner } from "../health/health-requests.ts";
import { type Finding, HEALTH_NAMES, healthName, NO_HEALTH } from "../health/health-states.ts";
import { PAGE_DEFAULT_ROWS } from "../limits.ts";
import type { HealthCountRow } from "../store/health-reader.ts";
import type { RequestAccess } from "./access-gate.ts";
import { expectedVersion } from "./condition-hook.ts";
import { findDevice, showTime } from "./device-routes.ts";
import { showVersion } from "./etag-hook.ts";
import { readPolicy, showPolicy } from "./health-policies.ts";
import { DeviceHealth, HealthCounts, PolicyAnswer, PolicyBody } from "./health-schemas.ts";
import { cutPage, decodeNumbers } from "./page-cursor.ts";
import { findOrganisation } from "./people-context.ts";
import { demandDone } from "./people-outcomes.ts";
import { ProjectParams, SlugParams } from "./people-schemas.ts";
import type { FitnessPort, PeopleStorePort, SetHealthPolicy, StorePort, TemplateStorePort } from "./ports.ts";
import { Problem } from "./problem.ts";
import { MacParams, PageQuery, PROBLEM_RESPONSES } from "./schemas.ts";
import { findTemplate } from "./template-routes.ts";
import { TemplateParams } from "./template-schemas.ts";
import type { ApiApp } from "./typed-app.ts";

export interface HealthRouteOptions {
  store: StorePort;
  people: PeopleStorePort;
  templates: TemplateStorePort;
  fitness: FitnessPort;
  setHealthPolicy: SetHealthPolicy;
  nowMs: () => number;
}

export function addHealthRoutes(app: ApiApp, options: HealthRouteOptions): void {
  const { store, people, fitness } = options;

  app.get(
    "/api/v1/devices/:mac/health",
    {
      config: { access: "read" },
      schema: {
        summary: "How a device fares and why, and how it has fared, the newest first",
        params: MacParams,
        querystring: PageQuery,
        response: { 200: DeviceHealth, ...PROBLEM_RESPONSES },
      },
    },
    async ({ params, query, access }) => {
      const device = findDevice(store, access, params.mac);
      const { limit = PAGE_DEFAULT_ROWS } = query;
      const before = query.cursor === undefined ? Number.MAX_SAFE_INTEGER : (decodeNumbers(query.cursor, 1)[0] ?? 0);
      const { items, next } = cutPage(fitness.log(device.id, before, limit + 1), limit, (row) => [row.id]);
      const now = fitness.of(device.id);
      return {
        state: healthName(now?.state ?? null),
        since: now === undefined ? null : showTime(now.sinceMs),
        reasons: showFindings(now?.findings ?? []),
        history: {
          items: items.map(({ atMs, state, findings }) => ({
            time: showTime(atMs),
            state: healthName(state),
            reasons: showFindings(findings),
          })),
          next,
        },
      };
    },
  );

  app.get(
    "/api/v1/organisations/:slug/health",
    {
      config: { access: "read" },
      schema: {
        summary: "How many devices of an organisation fare how, and why",
        params: SlugParams,
        response: { 200: HealthCounts, ...PROBLEM_RESPONSES },
      },
    },
    async ({ params, access }) => showCounts(fitness.counts(findOrganisation({ people }, access, params.slug).id)),
  );

  addPolicyRoutes(app, options);
}

/** Of an organisation, a project, a template and a device: the same two routes each. */
function addPolicyRoutes(
  app: ApiApp,
  { store, people, templates, fitness, setHealthPolicy, nowMs }: HealthRouteOptions,
): void {
  const findProject = (access: RequestAccess, id: number) => {
    const unknown = () => new Problem("projectUnknown", `no project ${id}; see the projects of your organisations`);
    const project = people.project(id);
    if (project === undefined) throw unknown();
    access.judge(project.organisationId, unknown);
    return project;
  };
  const ownersOf = {
    organisation: (access: RequestAccess, slug: string): PolicyOwner[] => [
      { organisation: findOrganisation({ people }, access, slug).id },
    ],
    project: (access: RequestAccess, id: number): PolicyOwner[] => {
      const { organisationId } = findProject(access, id);
      return [{ project: id }, { organisation: organisationId }];
    },
    template: (access: RequestAccess, id: number): PolicyOwner[] => {
      const { organisationId } = findTemplate(templates, access, id);
      return [{ template: id }, { organisation: organisationId }];
    },
    device: (access: RequestAccess, mac: string): PolicyOwner[] => {
      const { id, projectId, organisationId } = findDevice(store, access, mac);
      return [
        { device: id },
        ...fitness.templatesOf(id).map((template) => ({ template })),
        ...(projectId === null ? [] : [{ project: projectId }]),
        ...(organisationId === null ? [] : [{ organisation: organisationId }]),
      ];
    },
  };
  const show = (owners: readonly PolicyOwner[], reply: FastifyReply) => {
    const [own, ...above] = owners.map((owner) => fitness.policy(owner));
    showVersion(reply, own?.version ?? 0);
    const said = [own, ...above].flatMap((row) => (row === undefined ? [] : [row.policy]));
    return { own: showPolicy(own?.policy ?? {}), effective: showPolicy(resolvePolicy(said)) };
  };
  const set = async (
    owners: readonly PolicyOwner[],
    body: Static<typeof PolicyBody>,
    request: FastifyRequest,
    reply: FastifyReply,
  ) => {
    const [owner] = owners;
    if (owner === undefined) throw new Error("nobody's policy");
    const policy = readPolicy(body);
    const version = expectedVersion(request);
    demandDone(await setHealthPolicy({ kind: "setHealthPolicy", owner, policy, version, atMs: nowMs() }));
    return show(owners, reply);
  };

  const read = { config: { access: "read" as const } };
  const response = { 200: PolicyAnswer, ...PROBLEM_RESPONSES };
  const asked = (whose: string) => `What is taken for normal ${whose}, and what comes of it with the rest`;
  const told = (whose: string) => `Says what is taken for normal ${whose}; {} for nothing of its own`;

  const ofOrganisation = { params: SlugParams, response };
  const organisationPath = "/api/v1/organisations/:slug/health-policy";
  app.get(
    organisationPath,
    { ...read, schema: { summary: asked("in an organisation"), ...ofOrganisation } },
    async ({ params, access }, reply) => show(ownersOf.organisation(access, params.slug), reply),
  );
  app.put(
    organisationPath,
    {
      config: { access: "operate" },
      schema: { summary: told("in an organisation"), body: PolicyBody, ...ofOrganisation },
    },
    async (request, reply) => {
      return set(ownersOf.organisation(request.access, request.params.slug), request.body, request, reply);
    },
  );

  const ofProject = { params: ProjectParams, response };
  const projectPath = "/api/v1/projects/:project/health-policy";
  app.get(
    projectPath,
    { ...read, schema: { summary: asked("in a project"), ...ofProject } },
    async ({ params, access }, reply) => show(ownersOf.project(access, params.project), reply),
  );
  app.put(
    projectPath,
    { config: { access: "operate" }, schema: { summary: told("in a project"), body: PolicyBody, ...ofProject } },
    async (request, reply) => {
      return set(ownersOf.project(request.access, request.params.project), request.body, request, reply);
    },
  );

  const ofTemplate = { params: TemplateParams, response };
  const templatePath = "/api/v1/templates/:template/health-policy";
  app.get(
    templatePath,
    { ...read, schema: { summary: asked("of devices with a template"), ...ofTemplate } },
    async ({ params, access }, reply) => show(ownersOf.template(access, params.template), reply),
  );
  app.put(
    templatePath,
    {
      config: { access: "operate" },
      schema: { summary: told("of devices with a template"), body: PolicyBody, ...ofTemplate },
    },
    async (request, reply) => {
      return set(ownersOf.template(request.access, request.params.template), request.body, request, reply);
    },
  );

  const ofDevice = { params: MacParams, response };
  const devicePath = "/api/v1/devices/:mac/health-policy";
  app.get(
    devicePath,
    { ...read, schema: { summary: asked("of a device"), ...ofDevice } },
    async ({ params, access }, reply) => show(ownersOf.device(access, params.mac), reply),
  );
  app.put(
    devicePath,
    { config: { access: "operate" }, schema: { summary: told("of a device"), body: PolicyBody, ...ofDevice } },
    async (request, reply) => {
      return set(ownersOf.device(request.access, request.params.mac), request.body, request, reply);
    },
  );
}

function showFindings(findings: readonly Finding[]): Static<typeof DeviceHealth>["reasons"] {
  return findings.map(({ reason, level, value }) => ({ reason, level: levelName(level), value }));
}

function levelName(level: Finding["level"]): "warning" | "failed" {
  return HEALTH_NAMES[level] === "failed" ? "failed" : "warning";
}

function showCounts(rows: readonly HealthCountRow[]): Type.Static<typeof HealthCounts> {
  const devices = { normal: 0, warning: 0, failed: 0, [NO_HEALTH]: 0 };
  const reasons: Record<string, { warning: number; failed: number }> = {};
  for (const { state, findings, count } of rows) {
    devices[healthName(state)] += count;
    for (const { reason, level } of findings) {
      const sums = reasons[reason] ?? { warning: 0, failed: 0 };
      sums[levelName(level)] += count;
      reasons[reason] = sums;
    }
  }
  return { devices, reasons };
}
