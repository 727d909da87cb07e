/** Releases, and the keys that their images have to be signed with. */
import * as Type from "typebox/type";
import { UpdateFailure } from "../../runtime/contract/update-messages.ts";
import { kebab } from "../kebab.ts";
import { PAGE_DEFAULT_ROWS } from "../limits.ts";
import { ReleaseState } from "../rollouts/rollout-requests.ts";
import type { ReleaseRow } from "../store/rollout-reader.ts";
import type { StoreAnswer } from "../updates/store-requests.ts";
import { faultOfImage, readPublicKey } from "../updates/trusted-key.ts";
import type { RequestAccess } from "./access-gate.ts";
import { showTime } from "./device-routes.ts";
import { busy } from "./image-routes.ts";
import { cutPage, decodeNumbers } from "./page-cursor.ts";
import type { PeopleStorePort, RolloutPort, RolloutStorePort, UpdateStorePort } from "./ports.ts";
import { Problem } from "./problem.ts";
import {
  KeyBody,
  KeyParams,
  KeySchema,
  PolicySchema,
  ReleaseBody,
  ReleaseParams,
  ReleaseSchema,
} from "./rollout-schemas.ts";
import { OrganisationQuery, PageQuery, PROBLEM_RESPONSES, page } from "./schemas.ts";
import { showRelease } from "./show-rollout.ts";
import type { ApiApp } from "./typed-app.ts";

export interface ReleaseRouteOptions {
  rolloutStore: RolloutStorePort;
  updateStore: UpdateStorePort;
  rollouts: RolloutPort;
  people: PeopleStorePort;
  nowMs: () => number;
}

export function addReleaseRoutes(app: ApiApp, options: ReleaseRouteOptions): void {
  const { rolloutStore: store, updateStore, rollouts, people, nowMs } = options;
  const show = (row: ReleaseRow) => showRelease(row, store.releaseImages(row.id), slugOf(people, row.organisation));
  addKeyRoutes(app, options);

  app.post(
    "/api/v1/releases",
    {
      config: { access: "operate" },
      schema: {
        summary: "Makes a release of images",
        description:
          "Each image has to be stored, fit devices, and be signed with a key of `release-keys`; that is checked here, before " +
          "any device sees it. A release never changes afterwards; images of it cannot be deleted.",
        querystring: OrganisationQuery,
        body: ReleaseBody,
        response: { 201: ReleaseSchema, ...PROBLEM_RESPONSES },
      },
    },
    async ({ body, query, access }, reply) => {
      const { id: organisation } = access.place(query.organisation);
      const { version, notes = "", images, draft = false } = body;
      const points = store.keys(organisation).map(({ point }) => point);
      for (const image of images) checkRelease(updateStore, organisation, image, points);
      const atMs = nowMs();
      const request = { organisation, version, notes, images: [...new Set(images)], isDraft: draft, atMs };
      const answer = await rollouts.change({ kind: "addRelease", ...request });
      if (answer.outcome === "releaseExists")
        throw new Problem("releaseExists", `${version} is taken: a release never changes, make one of another version`);
      check(answer);
      const row = store.release(answer.release ?? 0);
      if (row === undefined) throw busy();
      reply.code(201).header("location", `/api/v1/releases/${row.id}`);
      return show(row);
    },
  );

  app.get(
    "/api/v1/releases",
    {
      config: { access: "read" },
      schema: {
        summary: "Releases, the newest first",
        querystring: PageQuery,
        response: { 200: page(ReleaseSchema), ...PROBLEM_RESPONSES },
      },
    },
    async ({ query, access }) => {
      const { limit = PAGE_DEFAULT_ROWS } = query;
      const rows = store.releases(beforeNumber(query.cursor), limit + 1, access.organisations());
      const { items, next } = cutPage(rows, limit, ({ id }) => [id]);
      return { items: items.map(show), next };
    },
  );

  app.get(
    "/api/v1/releases/:release",
    {
      config: { access: "read" },
      schema: { summary: "One release", params: ReleaseParams, response: { 200: ReleaseSchema, ...PROBLEM_RESPONSES } },
    },
    async ({ params, access }) => show(findRelease(store, access, params.release)),
  );

  for (const [verb, state, summary] of [
    ["publish", ReleaseState.Released, "A draft may be rolled out from now on"],
    ["withdraw", ReleaseState.Withdrawn, "Stops its rollouts; no device is offered it any more"],
  ] as const) {
    app.post(
      `/api/v1/releases/:release/${verb}`,
      {
        config: { access: "operate", heldAgainst: "/api/v1/releases/:release" },
        schema: { summary, params: ReleaseParams, response: { 200: ReleaseSchema, ...PROBLEM_RESPONSES } },
      },
      async ({ params, access }) => {
        const { id } = findRelease(store, access, params.release);
        check(await rollouts.change({ kind: "setReleaseState", release: id, state, atMs: nowMs() }));
        return show(findRelease(store, access, id));
      },
    );
  }
}

function addKeyRoutes(app: ApiApp, { rolloutStore: store, rollouts, nowMs }: ReleaseRouteOptions): void {
  app.get(
    "/api/v1/release-keys",
    {
      config: { access: "read" },
      schema: {
        summary: "Keys that images of releases have to be signed with",
        querystring: OrganisationQuery,
        response: { 200: Type.Object({ items: Type.Array(KeySchema) }), ...PROBLEM_RESPONSES },
      },
    },
    async ({ query, access }) => {
      const rows = store.keys(access.place(query.organisation).id);
      return {
        items: rows.map(({ keyId, name, sinceMs }) => ({
          keyId: keyId.toString("hex"),
          name,
          since: showTime(sinceMs),
        })),
      };
    },
  );

  app.post(
    "/api/v1/release-keys",
    {
      config: { access: "administer" },
      schema: {
        summary: "Trusts a key",
        description: "The public half in PEM form. Devices have keys of their own, which this does not change.",
        querystring: OrganisationQuery,
        body: KeyBody,
        response: { 200: KeySchema, 201: KeySchema, ...PROBLEM_RESPONSES },
      },
    },
    async ({ query, body, access }, reply) => {
      const { id: organisation } = access.place(query.organisation);
      const key = readPublicKey(body.pem);
      if (typeof key === "string") throw new Problem("keyRefused", key);
      const answer = await rollouts.change({
        kind: "addTrustedKey",
        organisation,
        ...key,
        name: body.name,
        atMs: nowMs(),
      });
      if (answer.outcome === "tooManyKeys") throw new Problem("tooManyKeys", "take away keys that are used no more");
      check(answer, ["done", "existed"]);
      const keyId = Buffer.from(key.keyId).toString("hex");
      const row = store.keys(organisation).find((one) => one.keyId.toString("hex") === keyId);
      if (row === undefined) throw busy();
      reply.code(answer.outcome === "done" ? 201 : 200);
      return { keyId, name: row.name, since: showTime(row.sinceMs) };
    },
  );

  app.delete(
    "/api/v1/release-keys/:keyId",
    {
      config: { access: "administer" },
      schema: {
        summary: "Trusts a key no more",
        description: "Releases that were made with it stay; withdraw them where the key has got lost.",
        params: KeyParams,
        querystring: OrganisationQuery,
        response: { 204: Type.Null(), ...PROBLEM_RESPONSES },
      },
    },
    async ({ params, query, access }, reply) => {
      const { id: organisation } = access.place(query.organisation);
      const keyId = Buffer.from(params.keyId, "hex");
      const answer = await rollouts.change({ kind: "deleteTrustedKey", organisation, keyId });
      if (answer.outcome === "keyUnknown")
        throw new Problem("keyUnknown", `no key ${params.keyId} is trusted; see /api/v1/release-keys`);
      check(answer);
      return reply.code(204).send(null);
    },
  );

  app.get(
    "/api/v1/rollout-policy",
    {
      config: { access: "read" },
      schema: {
        summary: "What rollouts of an organisation need",
        querystring: OrganisationQuery,
        response: { 200: PolicySchema, ...PROBLEM_RESPONSES },
      },
    },
    async ({ query, access }) => ({ needsApproval: store.needsApproval(access.place(query.organisation).id) }),
  );

  app.put(
    "/api/v1/rollout-policy",
    {
      config: { access: "administer" },
      schema: {
        summary: "Sets what rollouts of an organisation need",
        querystring: OrganisationQuery,
        body: PolicySchema,
        response: { 200: PolicySchema, ...PROBLEM_RESPONSES },
      },
    },
    async ({ query, body: { needsApproval }, access }) => {
      const { id: organisation } = access.place(query.organisation);
      check(await rollouts.change({ kind: "setRolloutPolicy", organisation, needsApproval }));
      return { needsApproval };
    },
  );
}

export function slugOf(people: PeopleStorePort, organisation: number): string {
  return people.organisations().find(({ id }) => id === organisation)?.slug ?? "";
}

/** Of lists that begin with the newest. */
export function beforeNumber(cursor: string | undefined): number {
  return cursor === undefined ? Number.MAX_SAFE_INTEGER : (decodeNumbers(cursor, 1)[0] ?? 0);
}

export function findRelease(store: RolloutStorePort, access: RequestAccess, id: number): ReleaseRow {
  const unknown = () => new Problem("releaseUnknown", `no release ${id}; see /api/v1/releases`);
  const release = store.release(id);
  if (release === undefined) throw unknown();
  access.judge(release.organisation, unknown);
  return release;
}

function checkRelease(store: UpdateStorePort, organisation: number, id: string, points: readonly Uint8Array[]): void {
  const bytes = store.imageOwners(id).includes(organisation) ? store.imageBytes(id) : undefined;
  if (bytes === undefined) throw notStored(id);
  const fault = faultOfImage(bytes, points);
  if (fault === null) return;
  const hint =
    fault === UpdateFailure.UnknownKey
      ? "no key of /api/v1/release-keys has signed it: `lintel image sign` signs it, `lintel release trust` adds a key"
      : kebab(UpdateFailure[fault], fault);
  throw new Problem("imageUntrusted", `image ${id}: ${hint}`);
}

function notStored(id: string): Problem {
  return new Problem("imageNotStored", `no image ${id} is stored; upload it to /api/v1/images first`);
}

function check({ outcome }: StoreAnswer, good: readonly string[] = ["done"]): void {
  if (good.includes(outcome)) return;
  switch (outcome) {
    case "imageUnknown":
      throw new Problem("imageNotStored", "an image was deleted meanwhile; upload it to /api/v1/images again");
    case "releaseNotOut":
      throw new Problem("releaseNotOut", "it was withdrawn: make a release of another version");
    case "tooManyReleases":
      throw new Problem("tooManyReleases", "the server keeps no more of them for an organisation");
    default:
      throw busy();
  }
}
