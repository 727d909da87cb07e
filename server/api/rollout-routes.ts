/** Rollouts: planned, looked at, and what people do with them. */
import type { FastifyReply } from "fastify";
import * as Type from "typebox/type";
import { PAGE_DEFAULT_ROWS } from "../limits.ts";
import { groupSizes } from "../rollouts/groups.ts";
import { ReleaseState, type RolloutChange } from "../rollouts/rollout-requests.ts";
import { judgeDevice } from "../rollouts/target.ts";
import type { RolloutInfoRow } from "../store/rollout-reader.ts";
import type { StoreAnswer } from "../updates/store-requests.ts";
import type { RequestAccess } from "./access-gate.ts";
import { expectedVersion } from "./condition-hook.ts";
import { afterNumber } from "./device-routes.ts";
import { showVersion } from "./etag-hook.ts";
import { busy } from "./image-routes.ts";
import { cutPage } from "./page-cursor.ts";
import { personOf } from "./person-of.ts";
import type { PeopleStorePort, RolloutPort, RolloutStorePort } from "./ports.ts";
import { Problem } from "./problem.ts";
import { beforeNumber, findRelease, slugOf } from "./release-routes.ts";
import { readPlan, unknownName } from "./rollout-plans.ts";
import {
  DryRunSchema,
  RolloutBody,
  RolloutDeviceSchema,
  RolloutHeaders,
  RolloutLogSchema,
  RolloutParams,
  RolloutQuery,
  RolloutSchema,
} from "./rollout-schemas.ts";
import { PageQuery, PROBLEM_RESPONSES, page } from "./schemas.ts";
import { readDeviceState, showRollout, showRolloutDevice, showRolloutLog, showRolloutState } from "./show-rollout.ts";
import type { ApiApp } from "./typed-app.ts";

export interface RolloutRouteOptions {
  rolloutStore: RolloutStorePort;
  rollouts: RolloutPort;
  people: PeopleStorePort;
  nowMs: () => number;
}

const CHANGES: ReadonlyArray<[path: string, change: RolloutChange, summary: string]> = [
  ["start", "start", "A draft begins: it waits for approval, for its time, or starts"],
  ["approve", "approve", "Approves a rollout that somebody else has made"],
  ["pause", "pause", "No device is offered the image any more; those that are at it go on"],
  ["resume", "resume", "Goes on; what has gone wrong before it was stopped counts no more"],
  ["abort", "abort", "Ends it: offers that no device has begun with are taken back"],
  ["roll-back", "rollBack", "Devices that took the image ought to run again what they ran before"],
];

export function addRolloutRoutes(app: ApiApp, options: RolloutRouteOptions): void {
  const { rolloutStore: store, rollouts, people, nowMs } = options;
  const show = (row: RolloutInfoRow) => showRollout(row, store.groupCounts(row.id), slugOf(people, row.organisation));
  const sendIt = (reply: FastifyReply, id: number) => {
    const row = store.rollout(id);
    if (row === undefined) throw busy();
    showVersion(reply, row.revision);
    return show(row);
  };

  app.post(
    "/api/v1/rollouts",
    {
      config: { access: "operate" },
      preValidation: refuseUnknown,
      schema: {
        summary: "Makes a rollout of a release",
        description:
          "Which devices are in it is settled when it starts, from what each is then; each is looked at again before it is " +
          "offered the image. What is not given is as `plan` of the answer says.",
        body: RolloutBody,
        response: { 201: RolloutSchema, ...PROBLEM_RESPONSES },
      },
    },
    async ({ body: { release: id, name, draft = false, ...body }, access }, reply) => {
      const release = findRelease(store, access, id);
      const { organisation, version } = release;
      const request = { organisation, release: id, name: name ?? version, plan: readPlan(body), isDraft: draft };
      const maker = personOf(access);
      const answer = await rollouts.change({ kind: "addRollout", ...request, maker, atMs: nowMs() });
      check(answer, null);
      reply.code(201).header("location", `/api/v1/rollouts/${answer.rollout}`);
      return sendIt(reply, answer.rollout ?? 0);
    },
  );

  app.post(
    "/api/v1/rollouts/dry-run",
    {
      config: { access: "read" },
      preValidation: refuseUnknown,
      schema: {
        summary: "Which devices a rollout would take now, and why not the others",
        description: "Changes nothing.",
        body: RolloutBody,
        response: { 200: DryRunSchema, ...PROBLEM_RESPONSES },
      },
    },
    async ({ body: { release: id, name: _name, draft: _draft, ...body }, access }) => {
      const release = findRelease(store, access, id);
      const plan = readPlan(body);
      const images = store.releaseImages(id);
      const devices = store.targetDevices(release.organisation, plan.target.fleet).map((device) => {
        const judgement = judgeDevice(device, plan.target, images, plan.retry);
        return "image" in judgement
          ? { device: device.mac, image: judgement.image.id, reason: null, returns: device.arch !== null }
          : { device: device.mac, image: null, reason: judgement.reason, returns: null };
      });
      const fitting = devices.filter(({ image }) => image !== null).length;
      return { fitting, groups: fitting === 0 ? [] : groupSizes(plan, fitting), devices };
    },
  );

  app.get(
    "/api/v1/rollouts",
    {
      config: { access: "read" },
      schema: {
        summary: "Rollouts, the newest first",
        querystring: PageQuery,
        response: { 200: page(RolloutSchema), ...PROBLEM_RESPONSES },
      },
    },
    async ({ query, access }) => {
      const { limit = PAGE_DEFAULT_ROWS } = query;
      const rows = store.rollouts(beforeNumber(query.cursor), limit + 1, access.organisations());
      const { items, next } = cutPage(rows, limit, ({ id }) => [id]);
      return { items: items.map(show), next };
    },
  );

  app.get(
    "/api/v1/rollouts/:rollout",
    {
      config: { access: "read" },
      schema: { summary: "One rollout", params: RolloutParams, response: { 200: RolloutSchema, ...PROBLEM_RESPONSES } },
    },
    async ({ params, access }, reply) => sendIt(reply, findRollout(store, access, params.rollout).id),
  );

  app.delete(
    "/api/v1/rollouts/:rollout",
    {
      config: { access: "operate" },
      schema: {
        summary: "Deletes a draft",
        description: "One that has begun stays, with what became of its devices; it can be aborted.",
        params: RolloutParams,
        response: { 204: Type.Null({ description: "deleted" }), ...PROBLEM_RESPONSES },
      },
    },
    async (request, reply) => {
      const row = findRollout(store, request.access, request.params.rollout);
      const revision = expectedVersion(request);
      const answer = await rollouts.change({ kind: "deleteRollout", rollout: row.id, revision });
      if (answer.outcome === "rolloutUnfit")
        throw new Problem("rolloutUnfit", `it is ${showRolloutState(row.state)}: only a draft is deleted; abort it`);
      check(answer, row);
      return reply.code(204).send(null);
    },
  );

  app.get(
    "/api/v1/rollouts/:rollout/devices",
    {
      config: { access: "read" },
      schema: {
        summary: "Devices of a rollout, and how far each is",
        params: RolloutParams,
        querystring: RolloutQuery,
        response: { 200: page(RolloutDeviceSchema), ...PROBLEM_RESPONSES },
      },
    },
    async ({ params, query, access }) => {
      const { id } = findRollout(store, access, params.rollout);
      const { limit = PAGE_DEFAULT_ROWS, state } = query;
      const wanted = state === undefined ? null : readDeviceState(state);
      if (wanted === undefined) throw new Problem("badRequest", `${state} is no state of a device in a rollout`);
      const rows = store.devices(id, afterNumber(query.cursor), limit + 1, wanted);
      const { items, next } = cutPage(rows, limit, (row) => [row.id]);
      return { items: items.map(showRolloutDevice), next };
    },
  );

  app.get(
    "/api/v1/rollouts/:rollout/log",
    {
      config: { access: "read" },
      schema: {
        summary: "What has become of a rollout, and who has done it",
        params: RolloutParams,
        querystring: PageQuery,
        response: { 200: page(RolloutLogSchema), ...PROBLEM_RESPONSES },
      },
    },
    async ({ params, query, access }) => {
      const { id } = findRollout(store, access, params.rollout);
      const { limit = PAGE_DEFAULT_ROWS } = query;
      const rows = store.log(id, afterNumber(query.cursor), limit + 1);
      const { items, next } = cutPage(rows, limit, (row) => [row.id]);
      return { items: items.map(showRolloutLog), next };
    },
  );

  for (const [path, change, summary] of CHANGES) {
    app.post(
      `/api/v1/rollouts/:rollout/${path}`,
      {
        config: { access: "operate", heldAgainst: "/api/v1/rollouts/:rollout" },
        schema: {
          summary,
          params: RolloutParams,
          headers: RolloutHeaders,
          response: { 200: RolloutSchema, ...PROBLEM_RESPONSES },
        },
      },
      async (request, reply) => {
        const { params, access } = request;
        const row = findRollout(store, access, params.rollout);
        const revision = expectedVersion(request);
        const who = personOf(access);
        check(
          await rollouts.change({ kind: "changeRollout", rollout: row.id, change, who, revision, atMs: nowMs() }),
          row,
        );
        return sendIt(reply, row.id);
      },
    );
  }

  function check({ outcome }: StoreAnswer, row: RolloutInfoRow | null): void {
    switch (outcome) {
      case "done":
        return;
      case "rolloutUnfit":
        throw new Problem("rolloutUnfit", `it is ${row && showRolloutState(row.state)}, which does not go with that`);
      case "changedMeanwhile":
        throw new Problem("preconditionFailed", "look at the rollout as it is now, and decide anew");
      case "sameApprover":
        throw new Problem("approvalDenied", "whoever has made a rollout cannot approve it: ask another manager");
      case "releaseNotOut": {
        const isDraft = row === null || store.release(row.release)?.state === ReleaseState.Draft;
        throw new Problem("releaseNotOut", isDraft ? "publish the release first" : "the release was withdrawn");
      }
      case "tooManyRollouts":
        throw new Problem("tooManyRollouts", "the server keeps no more of them for an organisation");
      default:
        throw busy();
    }
  }
}

/** A limit that was misspelt would otherwise be none. */
async function refuseUnknown({ body }: { body: unknown }): Promise<void> {
  const name = unknownName(RolloutBody, body);
  if (name !== undefined)
    throw new Problem("badRequest", `${name} is nothing that a rollout has; see /api/v1/openapi.json`);
}

function findRollout(store: RolloutStorePort, access: RequestAccess, id: number): RolloutInfoRow {
  const unknown = () => new Problem("rolloutUnknown", `no rollout ${id}; see /api/v1/rollouts`);
  const rollout = store.rollout(id);
  if (rollout === undefined) throw unknown();
  access.judge(rollout.organisation, unknown);
  return rollout;
}
