/** Organisations, their projects, and which boards a project takes in. */
import * as Type from "typebox/type";
import { levelAt, type Principal } from "../access/principal.ts";
import { REGISTRATION_NAMES, Registration } from "../access/registration.ts";
import { makeSecret } from "../access/secrets.ts";
import { PAGE_DEFAULT_ROWS } from "../limits.ts";
import type { ProjectRow } from "../store/people-reader.ts";
import type { RequestAccess } from "./access-gate.ts";
import { expectedVersion } from "./condition-hook.ts";
import { afterNumber, showTime } from "./device-routes.ts";
import { showVersion } from "./etag-hook.ts";
import { cutPage } from "./page-cursor.ts";
import { findOrganisation, type PeopleContext } from "./people-context.ts";
import { demandDone } from "./people-outcomes.ts";
import {
  ClaimTokenSchema,
  ConfirmQuery,
  OrganisationBody,
  OrganisationChange,
  OrganisationSchema,
  ProjectBody,
  ProjectChange,
  ProjectParams,
  ProjectSchema,
  SlugParams,
  showRole,
} from "./people-schemas.ts";
import type { Organisation } from "./ports.ts";
import { Problem } from "./problem.ts";
import { PageQuery, PROBLEM_RESPONSES, page } from "./schemas.ts";
import { projectSlug } from "./slugs.ts";
import type { ApiApp } from "./typed-app.ts";

const PATH = "/api/v1/organisations";

export function addOrganisationRoutes(app: ApiApp, context: PeopleContext): void {
  const { people, change, nowMs } = context;

  app.get(
    PATH,
    {
      config: { access: "read" },
      schema: {
        summary: "Organisations that whoever asks is in; all of them for operators",
        querystring: PageQuery,
        response: { 200: page(OrganisationSchema), ...PROBLEM_RESPONSES },
      },
    },
    async ({ query, access }) => {
      const { limit = PAGE_DEFAULT_ROWS } = query;
      const rows = people.organisationPage(afterNumber(query.cursor), limit + 1, access.organisations());
      const { items, next } = cutPage(rows, limit, (row) => [row.id]);
      return { items: items.map((row) => showOrganisation(row, access.principal)), next };
    },
  );

  app.post(
    PATH,
    {
      config: { access: "server" },
      schema: {
        summary: "Makes an organisation, with a first project",
        body: OrganisationBody,
        response: { 201: OrganisationSchema, ...PROBLEM_RESPONSES },
      },
    },
    async ({ body, access }, reply) => {
      demandDone(await change({ kind: "addOrganisation", ...body, atMs: nowMs() }));
      const organisation = findOrganisation(context, access, body.slug);
      reply.code(201).header("location", `${PATH}/${body.slug}`);
      showVersion(reply, organisation.version);
      return showOrganisation(organisation, access.principal);
    },
  );

  app.get(
    `${PATH}/:slug`,
    {
      config: { access: "read" },
      schema: {
        summary: "One organisation",
        params: SlugParams,
        response: { 200: OrganisationSchema, ...PROBLEM_RESPONSES },
      },
    },
    async ({ params, access }, reply) => {
      const organisation = findOrganisation(context, access, params.slug);
      showVersion(reply, organisation.version);
      return showOrganisation(organisation, access.principal);
    },
  );

  app.patch(
    `${PATH}/:slug`,
    {
      config: { access: "own" },
      schema: {
        summary: "Renames an organisation",
        params: SlugParams,
        body: OrganisationChange,
        response: { 200: OrganisationSchema, ...PROBLEM_RESPONSES },
      },
    },
    async (request, reply) => {
      const { params, body, access } = request;
      const { id } = findOrganisation(context, access, params.slug);
      demandDone(
        await change({ kind: "changeOrganisation", organisation: id, ...body, version: expectedVersion(request) }),
      );
      const organisation = findOrganisation(context, access, body.slug ?? params.slug);
      showVersion(reply, organisation.version);
      return showOrganisation(organisation, access.principal);
    },
  );

  app.delete(
    `${PATH}/:slug`,
    {
      config: { access: "own" },
      schema: {
        summary: "Deletes an organisation that has no devices and no images",
        params: SlugParams,
        querystring: ConfirmQuery,
        response: { 204: Type.Null({ description: "deleted" }), ...PROBLEM_RESPONSES },
      },
    },
    async (request, reply) => {
      const { params, query, access } = request;
      const { id, slug } = findOrganisation(context, access, params.slug);
      const isSure = query.confirm === slug;
      demandDone(
        await change({ kind: "deleteOrganisation", organisation: id, isSure, version: expectedVersion(request) }),
      );
      // The audit log cannot name what is not there any more.
      access.organisation = null;
      return reply.code(204).send(null);
    },
  );
}

export function addProjectRoutes(app: ApiApp, context: PeopleContext): void {
  const { people, change, nowMs } = context;

  const find = (access: RequestAccess, id: number): ProjectRow & { slug: string } => {
    const unknown = () => new Problem("projectUnknown", `no project ${id}; see the projects of your organisations`);
    const project = people.project(id);
    if (project === undefined) throw unknown();
    access.judge(project.organisationId, unknown);
    const slug = people.organisations().find((one) => one.id === project.organisationId)?.slug ?? "";
    return { ...project, slug };
  };

  app.get(
    `${PATH}/:slug/projects`,
    {
      config: { access: "read" },
      schema: {
        summary: "Projects of an organisation",
        params: SlugParams,
        querystring: PageQuery,
        response: { 200: page(ProjectSchema), ...PROBLEM_RESPONSES },
      },
    },
    async ({ params, query, access }) => {
      const { id, slug } = findOrganisation(context, access, params.slug);
      const { limit = PAGE_DEFAULT_ROWS } = query;
      const rows = people.projects(id, afterNumber(query.cursor), limit + 1);
      const { items, next } = cutPage(rows, limit, (row) => [row.id]);
      return { items: items.map((row) => showProject({ ...row, slug })), next };
    },
  );

  app.post(
    `${PATH}/:slug/projects`,
    {
      config: { access: "administer" },
      schema: {
        summary: "Makes a project",
        params: SlugParams,
        body: ProjectBody,
        response: { 201: ProjectSchema, ...PROBLEM_RESPONSES },
      },
    },
    async ({ params, body, access }, reply) => {
      const { id: organisation } = findOrganisation(context, access, params.slug);
      const registration = REGISTRATION_NAMES.indexOf(body.registration ?? "claim");
      const { name } = body;
      const { id = 0 } = demandDone(
        await change({ kind: "addProject", organisation, name, registration, atMs: nowMs() }),
      );
      const project = find(access, id);
      reply.code(201).header("location", `/api/v1/projects/${id}`);
      showVersion(reply, project.version);
      return showProject(project);
    },
  );

  app.get(
    "/api/v1/projects/:project",
    {
      config: { access: "read" },
      schema: { summary: "One project", params: ProjectParams, response: { 200: ProjectSchema, ...PROBLEM_RESPONSES } },
    },
    async ({ params, access }, reply) => {
      const project = find(access, params.project);
      showVersion(reply, project.version);
      return showProject(project);
    },
  );

  app.patch(
    "/api/v1/projects/:project",
    {
      config: { access: "administer" },
      schema: {
        summary: "Renames a project, or changes which boards it takes in from now on",
        params: ProjectParams,
        body: ProjectChange,
        response: { 200: ProjectSchema, ...PROBLEM_RESPONSES },
      },
    },
    async (request, reply) => {
      const { params, body, access } = request;
      const { id } = find(access, params.project);
      const wish = {
        ...(body.name !== undefined && { name: body.name }),
        ...(body.registration !== undefined && { registration: REGISTRATION_NAMES.indexOf(body.registration) }),
      };
      demandDone(await change({ kind: "changeProject", project: id, ...wish, version: expectedVersion(request) }));
      const project = find(access, id);
      showVersion(reply, project.version);
      return showProject(project);
    },
  );

  app.delete(
    "/api/v1/projects/:project",
    {
      config: { access: "administer" },
      schema: {
        summary: "Deletes a project that has no devices",
        params: ProjectParams,
        response: { 204: Type.Null({ description: "deleted" }), ...PROBLEM_RESPONSES },
      },
    },
    async (request, reply) => {
      const { id } = find(request.access, request.params.project);
      demandDone(await change({ kind: "deleteProject", project: id, version: expectedVersion(request) }));
      return reply.code(204).send(null);
    },
  );

  app.get(
    "/api/v1/projects/:project/claim-token",
    {
      config: { access: "administer" },
      schema: {
        summary: "What boards show so that the project takes them in",
        params: ProjectParams,
        response: { 200: ClaimTokenSchema, ...PROBLEM_RESPONSES },
      },
    },
    async ({ params, access }, reply) => {
      reply.header("cache-control", "no-store");
      return { claimToken: find(access, params.project).claimToken };
    },
  );

  app.post(
    "/api/v1/projects/:project/claim-token",
    {
      config: { access: "administer" },
      schema: {
        summary: "Makes a new claim token; the one before opens nothing from then on",
        description: "Boards that were taken in already stay.",
        params: ProjectParams,
        response: { 200: ClaimTokenSchema, ...PROBLEM_RESPONSES },
      },
    },
    async ({ params, access }, reply) => {
      const { id } = find(access, params.project);
      const claimToken = makeSecret("claim");
      demandDone(await change({ kind: "setClaimToken", project: id, claimToken }));
      reply.header("cache-control", "no-store");
      return { claimToken };
    },
  );
}

function showOrganisation({ id, slug, name, createdMs }: Organisation, principal: Principal) {
  return { slug, name, role: showRole(levelAt(principal, id)), created: showTime(createdMs) };
}

function showProject({ id, slug, name, registration, createdMs }: ProjectRow & { slug: string }) {
  const named = REGISTRATION_NAMES[registration] ?? REGISTRATION_NAMES[Registration.Closed];
  return { id, slug: projectSlug(id), organisation: slug, name, registration: named, created: showTime(createdMs) };
}
