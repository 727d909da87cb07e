/** What people note about devices, their streams and projects. Who wrote a note changes it; managers delete any. */
import * as Type from "typebox/type";
import { NOTES_OF_THING_MAX, PAGE_DEFAULT_ROWS } from "../limits.ts";
import type { NoteRange, NoteRow } from "../store/event-reader.ts";
import type { NotedThing } from "../store/event-requests.ts";
import type { StoreAnswer } from "../updates/store-requests.ts";
import type { RequestAccess } from "./access-gate.ts";
import { afterNumber, findDevice, showStream, showTime } from "./device-routes.ts";
import type { EventOptions } from "./event-routes.ts";
import { NewDeviceNote, NewNote, NoteParams, NoteSchema, NotesQuery } from "./event-schemas.ts";
import { busy } from "./image-routes.ts";
import { cutPage } from "./page-cursor.ts";
import { ProjectParams } from "./people-schemas.ts";
import { personOf } from "./person-of.ts";
import type { ProjectStorePort } from "./ports.ts";
import { Problem } from "./problem.ts";
import { findProject } from "./project-ref.ts";
import { MacParams, PageQuery, PROBLEM_RESPONSES, page } from "./schemas.ts";
import { projectSlug } from "./slugs.ts";
import type { ApiApp } from "./typed-app.ts";

type Query = { limit?: number; cursor?: string };

export function addNoteRoutes(
  app: ApiApp,
  { store, eventStore, changeEvents, projects, nowMs }: EventOptions & { projects: ProjectStorePort },
): void {
  const find = (access: RequestAccess, id: number): NoteRow => {
    const unknown = () => new Problem("noteUnknown", `no note ${id}; see those of a device or a project`);
    const note = eventStore.note(id);
    if (note === undefined) throw unknown();
    access.judge(note.organisationId, unknown);
    return note;
  };
  const list = (query: Query, about: Pick<NoteRange, "deviceId" | "stream" | "projectId">) => {
    const { limit = PAGE_DEFAULT_ROWS } = query;
    const rows = eventStore.notes({ ...about, afterId: afterNumber(query.cursor), limit: limit + 1 });
    const { items, next } = cutPage(rows, limit, ({ id }) => [id]);
    return { items: items.map(showNote), next };
  };
  const add = async (access: RequestAccess, about: NotedThing, text: string) => {
    const answer = await changeEvents({ kind: "addNote", about, text, by: personOf(access), atMs: nowMs() });
    if (answer.outcome === "tooMany") {
      throw new Problem("tooMany", `there are ${NOTES_OF_THING_MAX} notes about it; delete old ones`);
    }
    check(answer);
    return showNote(find(access, answer.id ?? 0));
  };
  const response = { 201: NoteSchema, ...PROBLEM_RESPONSES };

  app.get(
    "/api/v1/devices/:mac/notes",
    {
      config: { access: "read" },
      schema: {
        summary: "Notes about a device and its streams",
        description: "With those about boards whose place it took, and about the board that took its own.",
        params: MacParams,
        querystring: NotesQuery,
        response: { 200: page(NoteSchema), ...PROBLEM_RESPONSES },
      },
    },
    async ({ params, query, access }) => {
      const { id: deviceId } = findDevice(store, access, params.mac);
      return list(query, { deviceId, stream: numberOf(query.stream), projectId: null });
    },
  );

  app.post(
    "/api/v1/devices/:mac/notes",
    {
      config: { access: "operate" },
      schema: {
        summary: "Notes something about a device, or a stream of it",
        params: MacParams,
        body: NewDeviceNote,
        response,
      },
    },
    async ({ params, body, access }, reply) => {
      const { id: deviceId } = findDevice(store, access, params.mac);
      return reply.code(201).send(await add(access, { deviceId, stream: numberOf(body.stream) }, body.text));
    },
  );

  app.get(
    "/api/v1/projects/:project/notes",
    {
      config: { access: "read" },
      schema: {
        summary: "Notes about a project",
        params: ProjectParams,
        querystring: PageQuery,
        response: { 200: page(NoteSchema), ...PROBLEM_RESPONSES },
      },
    },
    async ({ params, query, access }) => {
      const projectId = findProject(access, projects, undefined, params.project);
      return list(query, { deviceId: null, stream: null, projectId });
    },
  );

  app.post(
    "/api/v1/projects/:project/notes",
    {
      config: { access: "operate" },
      schema: { summary: "Notes something about a project", params: ProjectParams, body: NewNote, response },
    },
    async ({ params, body, access }, reply) => {
      const projectId = findProject(access, projects, undefined, params.project);
      return reply.code(201).send(await add(access, { projectId }, body.text));
    },
  );

  app.patch(
    "/api/v1/notes/:note",
    {
      config: { access: "operate" },
      schema: {
        summary: "Changes a note that one has written",
        params: NoteParams,
        body: NewNote,
        response: { 200: NoteSchema, ...PROBLEM_RESPONSES },
      },
    },
    async ({ params, body, access }) => {
      const { id, maker, madeBy } = find(access, params.note);
      if (maker !== personOf(access).key) {
        throw new Problem("noteOfAnother", `${madeBy} wrote it: add a note of your own, or delete this one`);
      }
      check(await changeEvents({ kind: "changeNote", note: id, text: body.text, atMs: nowMs() }));
      return showNote(find(access, id));
    },
  );

  app.delete(
    "/api/v1/notes/:note",
    {
      config: { access: "operate" },
      schema: {
        summary: "Deletes a note, whoever wrote it",
        params: NoteParams,
        response: { 204: Type.Null({ description: "deleted" }), ...PROBLEM_RESPONSES },
      },
    },
    async ({ params, access }, reply) => {
      check(await changeEvents({ kind: "deleteNote", note: find(access, params.note).id }));
      return reply.code(204).send(null);
    },
  );
}

function check({ outcome }: StoreAnswer): void {
  if (outcome === "noteUnknown") throw new Problem("noteUnknown", "it was deleted meanwhile");
  if (outcome !== "done") throw busy();
}

function numberOf(stream: string | undefined): number | null {
  return stream === undefined ? null : Number.parseInt(stream, 16);
}

function showNote({ id, mac, stream, projectId, text, madeBy, createdMs, changedMs }: NoteRow) {
  return {
    id,
    device: mac,
    stream: stream === null ? null : showStream(stream),
    project: projectId === null ? null : projectSlug(projectId),
    text,
    by: madeBy,
    created: showTime(createdMs),
    changed: changedMs === null ? null : showTime(changedMs),
  };
}
