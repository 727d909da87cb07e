/** Devices, their streams, and what they dropped or could not have stored. */
import type { FastifyReply } from "fastify";
import type * as Type from "typebox/type";
import { HEALTH_NAMES, healthName, NO_HEALTH } from "../health/health-states.ts";
import { SignatureVerdict } from "../ingest/pack-signature.ts";
import { PAGE_DEFAULT_ROWS } from "../limits.ts";
import type { DeviceFilter, DeviceRow } from "../store/reader.ts";
import { idText } from "../updates/update-messages.ts";
import type { RequestAccess } from "./access-gate.ts";
import { showEdited } from "./etag-hook.ts";
import { cutPage, decodeNumbers, decodeText } from "./page-cursor.ts";
import type { StorePort } from "./ports.ts";
import { Problem } from "./problem.ts";
import { DeviceQuery, STANDINGS } from "./registration-schemas.ts";
import {
  DeviceSchema,
  GapPage,
  MacParams,
  PageQuery,
  PROBLEM_RESPONSES,
  page,
  RejectedPage,
  SignaturePage,
  StreamSchema,
} from "./schemas.ts";
import { deviceSlug, fleetId, projectId, projectSlug, streamSlug } from "./slugs.ts";
import type { ApiApp } from "./typed-app.ts";
import { showFailure } from "./update-names.ts";

const SIGNATURE_VERDICTS = {
  [SignatureVerdict.Verified]: "verified",
  [SignatureVerdict.Wrong]: "wrong",
  [SignatureVerdict.Unchecked]: "unchecked",
} as const;

export function addDeviceRoutes(app: ApiApp, store: StorePort): void {
  app.get(
    "/api/v1/devices",
    {
      config: { access: "read" },
      schema: {
        summary: "Devices by MAC address",
        querystring: DeviceQuery,
        response: { 200: page(DeviceSchema), ...PROBLEM_RESPONSES },
      },
    },
    async ({ query, access }) => {
      const { limit = PAGE_DEFAULT_ROWS } = query;
      const after = query.cursor === undefined ? "" : decodeText(query.cursor);
      const rows = store.devices(after, limit + 1, access.organisations(), filterOf(query));
      const { items, next } = cutPage(rows, limit, (row) => [row.mac]);
      return { items: items.map(showDevice), next };
    },
  );

  app.get(
    "/api/v1/devices/:mac",
    {
      config: { access: "read" },
      schema: {
        summary: "One device",
        params: MacParams,
        response: { 200: DeviceSchema, ...PROBLEM_RESPONSES },
      },
    },
    async ({ params, access }, reply) => sendDevice(reply, findDevice(store, access, params.mac)),
  );

  app.get(
    "/api/v1/devices/:mac/streams",
    {
      config: { access: "read" },
      schema: {
        summary: "Streams of a device",
        params: MacParams,
        querystring: PageQuery,
        response: { 200: page(StreamSchema), ...PROBLEM_RESPONSES },
      },
    },
    async ({ params, query, access }) => {
      const device = findDevice(store, access, params.mac);
      const { limit = PAGE_DEFAULT_ROWS } = query;
      const rows = store.streams(device.id, afterNumber(query.cursor), limit + 1);
      const { items, next } = cutPage(rows, limit, (row) => [row.stream]);
      return {
        items: items.map((row) => ({
          stream: showStream(row.stream),
          slug: streamSlug(device.projectId, device.mac, showStream(row.stream)),
          count: row.count,
          firstTime: showTime(row.firstTimeMs),
          lastTime: showTime(row.lastTimeMs),
          lastValue: row.lastValue,
        })),
        next,
      };
    },
  );

  app.get(
    "/api/v1/devices/:mac/gaps",
    {
      config: { access: "read" },
      schema: {
        summary: "Readings that the device dropped before it could send them",
        params: MacParams,
        querystring: PageQuery,
        response: { 200: GapPage, ...PROBLEM_RESPONSES },
      },
    },
    async ({ params, query, access }) => {
      const device = findDevice(store, access, params.mac);
      const { limit = PAGE_DEFAULT_ROWS } = query;
      const rows = store.gaps(device.id, afterNumber(query.cursor), limit + 1);
      const { items, next } = cutPage(rows, limit, (row) => [row.id]);
      return {
        ...store.gapTotals(device.id),
        items: items.map((row) => ({
          epoch: row.epoch,
          from: row.fromSequence,
          to: row.toSequence,
          noticed: showTime(row.noticedMs),
        })),
        next,
      };
    },
  );

  app.get(
    "/api/v1/devices/:mac/signatures",
    {
      config: { access: "read" },
      schema: {
        summary: "Readings that came signed, by epoch and sequence, and whether the signatures are right",
        params: MacParams,
        querystring: PageQuery,
        response: { 200: SignaturePage, ...PROBLEM_RESPONSES },
      },
    },
    async ({ params, query, access }) => {
      const device = findDevice(store, access, params.mac);
      const { limit = PAGE_DEFAULT_ROWS } = query;
      const rows = store.signatures(device.id, afterNumber(query.cursor), limit + 1);
      const { items, next } = cutPage(rows, limit, (row) => [row.id]);
      return {
        items: items.map((row) => ({
          epoch: row.epoch,
          from: row.fromSequence,
          to: row.toSequence,
          verdict: SIGNATURE_VERDICTS[row.verdict],
          last: showTime(row.lastMs),
        })),
        next,
      };
    },
  );

  app.get(
    "/api/v1/devices/:mac/rejected",
    {
      config: { access: "read" },
      schema: {
        summary: "Readings that arrived and cannot be stored as numbers",
        params: MacParams,
        querystring: PageQuery,
        response: { 200: RejectedPage, ...PROBLEM_RESPONSES },
      },
    },
    async ({ params, query, access }) => {
      const device = findDevice(store, access, params.mac);
      const { limit = PAGE_DEFAULT_ROWS } = query;
      const rows = store.rejected(device.id, afterNumber(query.cursor), limit + 1);
      const { items, next } = cutPage(rows, limit, (row) => [row.id]);
      return {
        count: store.rejectedCount(device.id),
        items: items.map((row) => ({
          epoch: row.epoch,
          sequence: row.sequence,
          reason: row.reason,
          recordHex: row.record.toString("hex"),
          received: showTime(row.receivedMs),
        })),
        next,
      };
    },
  );
}

function filterOf({ project, standing, health, tag, fleet, ...rest }: Type.Static<typeof DeviceQuery>): DeviceFilter {
  const id = project === undefined ? undefined : projectId(project);
  if (project !== undefined && id === undefined) {
    throw new Problem("projectUnknown", `${project} is no id of a project; see /api/v1/projects`);
  }
  const { online, product, template } = rest;
  return {
    project: id,
    standing: standing && STANDINGS.indexOf(standing),
    online,
    product,
    health: healthOf(health),
    tags: tag,
    template,
    fleet: fleet === undefined ? undefined : fleetId(fleet),
  };
}

function healthOf(name: Type.Static<typeof DeviceQuery>["health"]): DeviceFilter["health"] {
  if (name === undefined) return undefined;
  return name === NO_HEALTH ? null : HEALTH_NAMES.indexOf(name);
}

/** The device, if whoever asks may do with it what the route does. */
export function findDevice(store: StorePort, access: RequestAccess, mac: string): DeviceRow {
  const unknown = () => new Problem("deviceUnknown", `no device ${mac} has said hello; see /api/v1/devices`);
  const device = store.device(mac);
  // The same words either way: whether a board is somebody else's is not told.
  if (device === undefined) throw unknown();
  access.judge(device.organisationId, unknown);
  return device;
}

export function showTime(timeMs: number): string {
  return new Date(timeMs).toISOString();
}

export function showStream(stream: number): string {
  return stream.toString(16).padStart(4, "0");
}

export function afterNumber(cursor: string | undefined): number {
  return cursor === undefined ? -1 : (decodeNumbers(cursor, 1)[0] ?? -1);
}

function secretState({ isSecretPending, hasSecret }: DeviceRow): "none" | "own" | "pending" {
  if (isSecretPending === 1) return "pending";
  return hasSecret === 1 ? "own" : "none";
}

function placeOf({ latitude, longitude, place, placeOf: of }: DeviceRow) {
  if (latitude === null || longitude === null || of === null) return null;
  return { latitude, longitude, name: place, of };
}

/** The route of a device itself, whose ETag is that of tags, place and standing too. */
export const DEVICE_PATH = "/api/v1/devices/:mac";

/** With an ETag of what people say of it: a board that goes on reporting is the same to whoever edits it. */
export function sendDevice(reply: FastifyReply, row: DeviceRow) {
  const shown = showDevice(row);
  const { name, project, standing, replacedBy, tags, location } = shown;
  showEdited(reply, { name, project, standing, replacedBy, tags, location });
  return shown;
}

export function showDevice(row: DeviceRow) {
  return {
    mac: row.mac,
    slug: deviceSlug(row.mac),
    name: row.name,
    project: row.projectId === null ? null : projectSlug(row.projectId),
    standing: STANDINGS[row.standing] ?? "waiting",
    health: healthName(row.health),
    secret: secretState(row),
    replacedBy: row.replacedBy,
    product: row.product,
    version: row.version,
    board: row.board,
    abi: row.abi,
    slot: row.slot,
    resetReason: row.resetReason,
    boots: row.boots,
    epoch: row.epoch,
    watermark: row.watermark,
    image: row.image && idText(row.image),
    trial: row.trial === 1,
    failedImage: row.failedImage && idText(row.failedImage),
    failure: row.failure === null ? null : showFailure(row.failure),
    configVersion: row.configVersion,
    tags: JSON.parse(row.tags) as string[],
    location: placeOf(row),
    firstSeen: showTime(row.firstSeenMs),
    lastSeen: showTime(row.lastSeenMs),
    lastHello: row.helloMs === null ? null : showTime(row.helloMs),
    online: row.online === 1,
    state:
      row.stateMs === null
        ? null
        : {
            time: showTime(row.stateMs),
            rssiDbm: row.rssiDbm,
            freeBytes: row.freeBytes,
            queued: row.queued,
            dropped: row.dropped,
            reconnects: row.reconnects,
            uptimeS: row.uptimeS,
            ignored: row.ignored,
          },
  };
}
