/** What happened at a device besides what it measures: posted by people and programs, with files. */
import { createHash } from "node:crypto";
import type { FastifyReply } from "fastify";
import * as Type from "typebox/type";
import {
  EVENT_DATA_MAX_BYTES,
  EVENT_FILE_MAX_BYTES,
  EVENT_FILES_MAX,
  EVENTS_OF_DEVICE_MAX,
  PAGE_DEFAULT_ROWS,
} from "../limits.ts";
import type { EventFileRow, EventRow } from "../store/event-reader.ts";
import type { RequestAccess } from "./access-gate.ts";
import { findDevice, showStream, showTime } from "./device-routes.ts";
import { EventFileParams, EventFileSchema, EventParams, EventSchema, EventsQuery, NewEvent } from "./event-schemas.ts";
import { busy } from "./image-routes.ts";
import { parseInstant, parseTime, TIME_END_MS } from "./open-series.ts";
import { cutPage, decodeNumbers } from "./page-cursor.ts";
import { personOf } from "./person-of.ts";
import type { EventPort, EventStorePort, StorePort } from "./ports.ts";
import { Problem } from "./problem.ts";
import { MacParams, PROBLEM_RESPONSES, page } from "./schemas.ts";
import type { ApiApp } from "./typed-app.ts";

const MEDIA_TYPE = /^[\w!#$&^.+-]{1,63}\/[\w!#$&^.+-]{1,63}$/;

export interface EventOptions {
  store: StorePort;
  eventStore: EventStorePort;
  changeEvents: EventPort;
  nowMs: () => number;
}

export function addEventRoutes(app: ApiApp, { store, eventStore, changeEvents, nowMs }: EventOptions): void {
  const find = (access: RequestAccess, mac: string, id: number): EventRow => {
    const device = findDevice(store, access, mac);
    const event = eventStore.event(device.id, id);
    if (event === undefined) throw eventUnknown(mac, id);
    return event;
  };
  const show = (row: EventRow) => showEvent(row, eventStore.files(row.id));

  app.get(
    "/api/v1/devices/:mac/events",
    {
      config: { access: "read" },
      schema: {
        summary: "Events of a device by time, oldest first",
        description: "With those of boards whose place it took, and of the board that took its own.",
        params: MacParams,
        querystring: EventsQuery,
        response: { 200: page(EventSchema), ...PROBLEM_RESPONSES },
      },
    },
    async ({ params, query, access }) => {
      const device = findDevice(store, access, params.mac);
      const { limit = PAGE_DEFAULT_ROWS, from, to, kind = null, stream } = query;
      const [afterMs = -TIME_END_MS, afterId = 0] = query.cursor === undefined ? [] : decodeNumbers(query.cursor, 2);
      const rows = eventStore.events({
        deviceId: device.id,
        fromMs: from === undefined ? -TIME_END_MS : parseTime("from", from),
        toMs: to === undefined ? TIME_END_MS : parseTime("to", to),
        kind,
        stream: stream === undefined ? null : Number.parseInt(stream, 16),
        ...{ afterMs, afterId, limit: limit + 1 },
      });
      const { items, next } = cutPage(rows, limit, (row) => [row.timeMs, row.id]);
      return { items: items.map(show), next };
    },
  );

  app.post(
    "/api/v1/devices/:mac/events",
    {
      config: { access: "operate" },
      schema: {
        summary: "Notes down an event of a device",
        description: "It is deleted by age as readings are, with its files.",
        params: MacParams,
        body: NewEvent,
        response: { 201: EventSchema, ...PROBLEM_RESPONSES },
      },
    },
    async ({ params, body, access }, reply) => {
      const { id: deviceId } = findDevice(store, access, params.mac);
      const data = JSON.stringify(body.data ?? null);
      if (Buffer.byteLength(data) > EVENT_DATA_MAX_BYTES) {
        throw new Problem("bodyTooLarge", `data has ${EVENT_DATA_MAX_BYTES} bytes at most; attach the rest as a file`);
      }
      const event = {
        timeMs: body.time === undefined ? nowMs() : parseInstant("time", body.time),
        kind: body.kind,
        stream: body.stream === undefined ? null : Number.parseInt(body.stream, 16),
        data,
      };
      const by = personOf(access);
      const { outcome, id = 0 } = await changeEvents({ kind: "addEvent", deviceId, event, by, atMs: nowMs() });
      if (outcome === "tooMany") throw full(`a device has ${EVENTS_OF_DEVICE_MAX} events at most`);
      if (outcome !== "done") throw busy();
      return reply.code(201).send(show(find(access, params.mac, id)));
    },
  );

  app.get(
    "/api/v1/devices/:mac/events/:event",
    {
      config: { access: "read" },
      schema: { summary: "One event", params: EventParams, response: { 200: EventSchema, ...PROBLEM_RESPONSES } },
    },
    async ({ params, access }) => show(find(access, params.mac, params.event)),
  );

  app.delete(
    "/api/v1/devices/:mac/events/:event",
    {
      config: { access: "operate" },
      schema: {
        summary: "Deletes an event, with its files",
        params: EventParams,
        response: { 204: Type.Null({ description: "deleted" }), ...PROBLEM_RESPONSES },
      },
    },
    async ({ params, access }, reply) => {
      const { id } = find(access, params.mac, params.event);
      const { outcome } = await changeEvents({ kind: "deleteEvent", event: id });
      if (outcome === "eventUnknown") throw eventUnknown(params.mac, id);
      if (outcome !== "done") throw busy();
      return reply.code(204).send(null);
    },
  );

  addFileRoutes(app, eventStore, changeEvents, nowMs, find);
}

type Find = (access: RequestAccess, mac: string, id: number) => EventRow;

/** In a scope of their own: a file is taken with whatever media type it has, JSON among them, and not looked into. */
function addFileRoutes(app: ApiApp, events: EventStorePort, change: EventPort, nowMs: () => number, find: Find): void {
  const path = "/api/v1/devices/:mac/events/:event/files/:name";
  app.register(async (plain) => {
    const scope = plain as ApiApp;
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser("*", { parseAs: "buffer" }, (_request, body, done) => done(null, body));
    scope.put(
      path,
      {
        config: { access: "operate" },
        bodyLimit: EVENT_FILE_MAX_BYTES,
        schema: {
          summary: "Attaches a file to an event, or another one in its place",
          description: "The body is the file; its media type is that of the request.",
          params: EventFileParams,
          response: { 200: EventFileSchema, 201: EventFileSchema, ...PROBLEM_RESPONSES },
        },
      },
      async ({ params, body, headers, access }, reply) => {
        const { id } = find(access, params.mac, params.event);
        const bytes: Buffer = Buffer.isBuffer(body) ? body : Buffer.alloc(0);
        const mediaType = (headers["content-type"] ?? "").split(";", 1)[0]?.trim().toLowerCase() ?? "";
        if (!MEDIA_TYPE.test(mediaType)) throw new Problem("mediaTypeUnknown", "say what it is, as image/jpeg");
        const digest = createHash("sha256").update(bytes).digest();
        const file = { name: params.name, mediaType, digest, bytes };
        const { outcome } = await change({ kind: "putEventFile", event: id, file, atMs: nowMs() });
        if (outcome === "eventUnknown") throw eventUnknown(params.mac, id);
        if (outcome === "tooMany") {
          throw full(`an event has ${EVENT_FILES_MAX} files at most, and an organisation some hundred megabytes`);
        }
        if (outcome !== "done" && outcome !== "existed") throw busy();
        const stored = events.file(id, params.name);
        if (stored === undefined) throw fileUnknown(params.name);
        return reply.code(outcome === "done" ? 201 : 200).send(showFile(stored));
      },
    );
  });

  app.get(
    path,
    {
      config: { access: "read" },
      schema: {
        summary: "A file of an event, to be saved",
        params: EventFileParams,
        response: {
          200: { description: "as it was attached", content: { "*/*": { schema: { type: "string" } } } },
          ...PROBLEM_RESPONSES,
        },
      },
    },
    async ({ params, access }, reply) => {
      const file = events.file(find(access, params.mac, params.event).id, params.name);
      if (file === undefined) throw fileUnknown(params.name);
      // Whatever it is, no browser runs it as a page of this server.
      reply.header("content-disposition", `attachment; filename*=UTF-8''${encodeName(file.name)}`);
      reply.header("x-content-type-options", "nosniff");
      reply.header("content-security-policy", "sandbox; default-src 'none'");
      const raw: FastifyReply = reply;
      return raw.type(file.mediaType).send(file.bytes);
    },
  );

  app.delete(
    path,
    {
      config: { access: "operate" },
      schema: {
        summary: "Takes a file away from an event",
        params: EventFileParams,
        response: { 204: Type.Null({ description: "deleted" }), ...PROBLEM_RESPONSES },
      },
    },
    async ({ params, access }, reply) => {
      const { id } = find(access, params.mac, params.event);
      const { outcome } = await change({ kind: "deleteEventFile", event: id, name: params.name });
      if (outcome === "fileUnknown") throw fileUnknown(params.name);
      if (outcome !== "done") throw busy();
      return reply.code(204).send(null);
    },
  );
}

/** RFC 8187 takes fewer characters as they are than a URL does. */
function encodeName(name: string): string {
  return encodeURIComponent(name).replace(/['()*]/g, (one) => `%${one.charCodeAt(0).toString(16).toUpperCase()}`);
}

function eventUnknown(mac: string, id: number): Problem {
  return new Problem("eventUnknown", `device ${mac} has no event ${id}; see its events`);
}

function fileUnknown(name: string): Problem {
  return new Problem("fileUnknown", `the event has no file ${name}; see its files`);
}

function full(what: string): Problem {
  return new Problem("tooMany", `${what}; delete old ones, or have the server do it by age (--keep-raw)`);
}

function showEvent({ id, mac, timeMs, kind, stream, data, madeBy, createdMs }: EventRow, files: EventFileRow[]) {
  return {
    id,
    device: mac,
    time: showTime(timeMs),
    kind,
    stream: stream === null ? null : showStream(stream),
    data: JSON.parse(data) as unknown,
    by: madeBy,
    created: showTime(createdMs),
    files: files.map(showFile),
  };
}

function showFile({ name, mediaType, sizeBytes, digest, createdMs }: EventFileRow) {
  return { name, mediaType, sizeBytes, sha256: digest.toString("hex"), created: showTime(createdMs) };
}
