/** Rules of an organisation that say when somebody is to be told, and what has come of them. */

import type { Static } from "typebox";
import * as Type from "typebox/type";
import { AlertState } from "../events/alert-requests.ts";
import type { Condition, RuleBody, RuleScope } from "../events/alert-rules.ts";
import { conditionFault } from "../events/alert-shapes.ts";
import { PAGE_DEFAULT_ROWS } from "../limits.ts";
import type { AlertRow, RuleRow } from "../store/alert-reader.ts";
import type { RequestAccess } from "./access-gate.ts";
import {
  AlertParams,
  AlertQuery,
  AlertSchema,
  RuleBodySchema,
  RuleChange,
  RuleParams,
  RuleSchema,
} from "./alert-schemas.ts";
import { expectedVersion } from "./condition-hook.ts";
import { afterNumber, showStream, showTime } from "./device-routes.ts";
import { showVersion } from "./etag-hook.ts";
import { cutPage, decodeNumbers } from "./page-cursor.ts";
import { demandDone } from "./people-outcomes.ts";
import type { AlertPort, AlertStorePort, ProjectStorePort } from "./ports.ts";
import { Problem } from "./problem.ts";
import { OrganisationQuery, PageQuery, PROBLEM_RESPONSES, page } from "./schemas.ts";
import { macOf } from "./slugs.ts";
import type { ApiApp } from "./typed-app.ts";

export interface AlertRouteOptions {
  alertStore: AlertStorePort;
  alerts: AlertPort;
  projects: ProjectStorePort;
  nowMs: () => number;
}

const PATH = "/api/v1/alert-rules";

export function addAlertRuleRoutes(
  app: ApiApp,
  { alertStore: store, alerts, projects, nowMs }: AlertRouteOptions,
): void {
  const find = (access: RequestAccess, id: number): RuleRow => {
    const unknown = () => new Problem("ruleUnknown", `no alert rule ${id}; see ${PATH}`);
    const rule = store.rule(id);
    if (rule === undefined) throw unknown();
    access.judge(rule.organisation, unknown);
    return rule;
  };
  const checkScope = (organisation: number, { project }: RuleScope) => {
    if (project !== undefined && projects.project(project)?.organisationId !== organisation)
      throw new Problem("projectUnknown", `no project ${project}; see the projects of your organisations`);
  };

  app.get(
    PATH,
    {
      config: { access: "read" },
      schema: {
        summary: "Rules that say when somebody is to be told",
        querystring: PageQuery,
        response: { 200: page(RuleSchema), ...PROBLEM_RESPONSES },
      },
    },
    async ({ query, access }) => {
      const { limit = PAGE_DEFAULT_ROWS } = query;
      const rows = store.rules(afterNumber(query.cursor), limit + 1, access.organisations());
      const { items, next } = cutPage(rows, limit, (row) => [row.id]);
      return { items: items.map(showRule), next };
    },
  );

  app.post(
    PATH,
    {
      config: { access: "operate" },
      schema: {
        summary: "Makes a rule; devices that fit it now have an alert at once",
        querystring: OrganisationQuery,
        body: RuleBodySchema,
        response: { 201: RuleSchema, ...PROBLEM_RESPONSES },
      },
    },
    async ({ query, body, access }, reply) => {
      const { id: organisation } = access.place(query.organisation);
      const rule: RuleBody = {
        condition: readCondition(body.condition),
        scope: readScope(body.scope),
        holdS: body.holdS ?? 0,
      };
      checkScope(organisation, rule.scope);
      const { name, channels = [], enabled: isEnabled = true } = body;
      const request = { kind: "addRule", organisation, name, body: rule, channels, isEnabled, atMs: nowMs() } as const;
      const { id = 0 } = demandDone(await alerts.change(request));
      const made = find(access, id);
      reply.code(201).header("location", `${PATH}/${id}`);
      showVersion(reply, made.version);
      return showRule(made);
    },
  );

  app.get(
    `${PATH}/:rule`,
    {
      config: { access: "read" },
      schema: { summary: "One rule", params: RuleParams, response: { 200: RuleSchema, ...PROBLEM_RESPONSES } },
    },
    async ({ params, access }, reply) => {
      const rule = find(access, params.rule);
      showVersion(reply, rule.version);
      return showRule(rule);
    },
  );

  app.patch(
    `${PATH}/:rule`,
    {
      config: { access: "operate" },
      schema: {
        summary: "Changes a rule; where it asks for something else, its open alerts are closed",
        params: RuleParams,
        body: RuleChange,
        response: { 200: RuleSchema, ...PROBLEM_RESPONSES },
      },
    },
    async (request, reply) => {
      const { params, body, access } = request;
      const rule = find(access, params.rule);
      const wanted: Partial<RuleBody> = {
        ...(body.condition !== undefined && { condition: readCondition(body.condition) }),
        ...(body.scope !== undefined && { scope: readScope(body.scope) }),
        ...(body.holdS !== undefined && { holdS: body.holdS }),
      };
      if (wanted.scope !== undefined) checkScope(rule.organisation, wanted.scope);
      const { name, channels, enabled: isEnabled } = body;
      const change = { name, body: wanted, channels, isEnabled, version: expectedVersion(request), atMs: nowMs() };
      demandDone(await alerts.change({ kind: "changeRule", rule: rule.id, ...change }));
      const changed = find(access, rule.id);
      showVersion(reply, changed.version);
      return showRule(changed);
    },
  );

  app.delete(
    `${PATH}/:rule`,
    {
      config: { access: "operate" },
      schema: {
        summary: "Deletes a rule; its open alerts are closed, and stay to be read",
        params: RuleParams,
        response: { 204: Type.Null(), ...PROBLEM_RESPONSES },
      },
    },
    async (request, reply) => {
      const { id } = find(request.access, request.params.rule);
      const version = expectedVersion(request);
      demandDone(await alerts.change({ kind: "deleteRule", rule: id, version, atMs: nowMs() }));
      return reply.code(204).send(null);
    },
  );
}

export function addAlertRoutes(app: ApiApp, { alertStore: store, alerts, nowMs }: AlertRouteOptions): void {
  const find = (access: RequestAccess, id: number): AlertRow => {
    const unknown = () => new Problem("alertUnknown", `no alert ${id}; see /api/v1/alerts`);
    const alert = store.alert(id);
    if (alert === undefined) throw unknown();
    access.judge(alert.organisation, unknown);
    return alert;
  };

  app.get(
    "/api/v1/alerts",
    {
      config: { access: "read" },
      schema: {
        summary: "Alerts, the newest first",
        querystring: AlertQuery,
        response: { 200: page(AlertSchema), ...PROBLEM_RESPONSES },
      },
    },
    async ({ query, access }) => {
      const { limit = PAGE_DEFAULT_ROWS, state: name, device } = query;
      const before = query.cursor === undefined ? Number.MAX_SAFE_INTEGER : (decodeNumbers(query.cursor, 1)[0] ?? 0);
      const state = name === undefined ? undefined : name === "open" ? AlertState.Open : AlertState.Closed;
      const mac = device === undefined ? undefined : macOf(device);
      const rows = store.alerts(before, limit + 1, access.organisations(), { state, mac });
      const { items, next } = cutPage(rows, limit, (row) => [row.id]);
      return { items: items.map(showAlert), next };
    },
  );

  app.get(
    "/api/v1/alerts/:alert",
    {
      config: { access: "read" },
      schema: { summary: "One alert", params: AlertParams, response: { 200: AlertSchema, ...PROBLEM_RESPONSES } },
    },
    async ({ params, access }) => showAlert(find(access, params.alert)),
  );

  app.post(
    "/api/v1/alerts/:alert/acknowledge",
    {
      config: { access: "operate", heldAgainst: "/api/v1/alerts/:alert" },
      schema: {
        summary: "Says that somebody sees to it; who was first stays",
        params: AlertParams,
        response: { 200: AlertSchema, ...PROBLEM_RESPONSES },
      },
    },
    async ({ params, access }) => {
      const { id } = find(access, params.alert);
      const who = access.principal.name;
      demandDone(await alerts.change({ kind: "acknowledgeAlert", alert: id, who, atMs: nowMs() }));
      return showAlert(find(access, id));
    },
  );
}

function readCondition(body: Static<typeof RuleBodySchema>["condition"]): Condition {
  if (body.kind === "health") {
    const { kind, state, reasons } = body;
    return { kind, state, ...(reasons !== undefined && { reasons }) };
  }
  if (body.kind === "change") return { kind: "change", changes: body.changes };
  const { above, below, margin = 0 } = body;
  if (above === null || below === null)
    throw new Problem("ruleRefused", "above and below are numbers; leave out the one that is not wanted");
  const condition: Condition = {
    kind: "value",
    stream: Number.parseInt(body.stream, 16),
    margin,
    ...(above !== undefined && { above }),
    ...(below !== undefined && { below }),
  };
  const fault = conditionFault(condition);
  if (fault !== undefined) throw new Problem("ruleRefused", fault);
  return condition;
}

function readScope(scope: Static<typeof RuleBodySchema>["scope"] = {}): RuleScope {
  const { project, devices, tags } = scope;
  return {
    ...(project !== undefined && { project }),
    ...(tags !== undefined && { tags }),
    ...(devices !== undefined && { devices: devices.map((device) => macOf(device) ?? device) }),
  };
}

function showRule(row: RuleRow): Static<typeof RuleSchema> {
  const { id, slug: organisation, name, condition, scope, holdS, channels } = row;
  return {
    id,
    organisation,
    name,
    condition: condition.kind === "value" ? { ...condition, stream: showStream(condition.stream) } : condition,
    scope,
    holdS,
    channels,
    enabled: row.isEnabled === 1,
    created: showTime(row.createdMs),
  };
}

function showAlert(row: AlertRow): Static<typeof AlertSchema> {
  const { id, slug: organisation, rule, ruleName, mac, detail } = row;
  return {
    id,
    organisation,
    rule,
    name: ruleName,
    device: mac,
    state: row.state === AlertState.Open ? "open" : "closed",
    opened: showTime(row.openedMs),
    closed: row.closedMs === null ? null : showTime(row.closedMs),
    acknowledged: row.acknowledgedMs === null ? null : showTime(row.acknowledgedMs),
    acknowledgedBy: row.acknowledgedBy,
    detail,
  };
}
