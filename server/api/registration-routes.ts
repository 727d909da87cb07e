/** Boards: taken in beforehand, approved, moved, given another secret, replaced, shown out. */

import * as Type from "typebox/type";
import { Check } from "typebox/value";
import { Standing } from "../access/registration.ts";
import { DEVICES_PER_REQUEST_MAX } from "../limits.ts";
import type { DeviceRow } from "../store/reader.ts";
import type { StoreAnswer } from "../updates/store-requests.ts";
import type { RequestAccess } from "./access-gate.ts";
import { type CsvRow, readCsv } from "./csv-table.ts";
import { DEVICE_PATH, findDevice, sendDevice, showDevice, showTime } from "./device-routes.ts";
import { busy } from "./image-routes.ts";
import type { ProjectStorePort, RegistrationPort, StorePort } from "./ports.ts";
import { Problem } from "./problem.ts";
import { findProject } from "./project-ref.ts";
import {
  DeviceCreated,
  DevicePatch,
  ImportReport,
  NewDevices,
  OrganisationQuery,
  ReplaceBody,
  SECRET_MIN_CHARS,
} from "./registration-schemas.ts";
import { DeviceSchema, MacParams, NAME_MAX_CHARS, Name, PROBLEM_RESPONSES } from "./schemas.ts";
import { DEVICE_WORDS, deviceSlug, macOf, projectSlug } from "./slugs.ts";
import type { ApiApp } from "./typed-app.ts";

const CSV_TYPE = "text/csv";
const COLUMNS = ["mac", "name", "project", "secret"] as const;
const IMPORT_MAX_BYTES = 512 * 1024;

interface Wanted {
  mac: string;
  name?: string | null;
  project?: number | string;
  secret?: string;
}

type Report = typeof ImportReport extends infer S ? Type.Static<S & Type.TSchema> : never;

export function addRegistrationRoutes(
  app: ApiApp,
  store: StorePort,
  projects: ProjectStorePort,
  registrations: RegistrationPort,
): void {
  app.addContentTypeParser(CSV_TYPE, { parseAs: "string" }, (_request, body, done) => done(null, body));

  const put = async (access: RequestAccess, organisation: string | undefined, wanted: Wanted, isKept = false) => {
    const mac = macOf(wanted.mac);
    if (mac === undefined) throw new Problem("badRequest", `"${wanted.mac}" is no device: give ${DEVICE_WORDS}`);
    const project = findProject(access, projects, organisation, wanted.project, store.device(mac));
    const { name, secret } = wanted;
    const { answer, claimCode } = await registrations.put({ mac, project, name, secret, isKept });
    check(answer);
    return { mac, slug: deviceSlug(mac), created: answer.outcome === "done", claimCode };
  };
  /** Of a list or a table, which may come again: a board that is there already keeps what lets it in, unless the line has a secret. */
  const putLine = async (access: RequestAccess, organisation: string | undefined, wanted: Wanted) => {
    const mac = macOf(wanted.mac) ?? wanted.mac;
    const before = store.device(mac);
    const isKept = wanted.secret === undefined;
    if (isKept && before !== undefined && isAsWanted(before, wanted)) {
      const project = findProject(access, projects, organisation, wanted.project, before);
      if (project === before.projectId) return { mac, created: false, claimCode: null, done: "unchanged" as const };
    }
    const { slug: _, ...line } = await put(access, organisation, wanted, isKept);
    return { ...line, done: line.created ? ("created" as const) : ("updated" as const) };
  };

  app.post(
    "/api/v1/devices",
    {
      config: { access: "operate" },
      bodyLimit: IMPORT_MAX_BYTES,
      schema: {
        summary: "Takes a board in before it comes; or many, as a list or as a table",
        description:
          "A board that is there already, in an organisation where you may, gets the new credential, and stays in its project unless " +
          `another is named: so it is done when it is flashed anew. A table has the columns ${COLUMNS.join(", ")}; of it or of a list each line stands for itself, and the ` +
          "answer says what became of each. What is there already keeps its claim code or secret, unless its line has a secret: a table may come again.",
        querystring: OrganisationQuery,
        body: {
          content: { "application/json": { schema: NewDevices }, [CSV_TYPE]: { schema: Type.String() } },
        },
        response: { 200: Type.Union([DeviceCreated, ImportReport]), 201: DeviceCreated, ...PROBLEM_RESPONSES },
      },
    },
    async ({ body, query, access }, reply) => {
      const content = body as unknown as Wanted | Wanted[] | string;
      if (typeof content === "object" && !Array.isArray(content)) {
        const created = await put(access, query.organisation, content);
        return reply.code(created.created ? 201 : 200).send(created);
      }
      // Every line is judged by itself; where there are none, it is said here.
      access.organisations();
      const rows =
        typeof content === "string" ? ofTable(content) : content.map((wanted, at) => ({ line: at + 1, wanted }));
      const report: Report = { created: 0, updated: 0, unchanged: 0, failed: 0, lines: [] };
      for (const { line, wanted } of rows) {
        try {
          const done = await putLine(access, query.organisation, wanted);
          report[done.done]++;
          report.lines.push({ line, ...done, code: null, detail: null });
        } catch (error) {
          if (!(error instanceof Problem) || error.code === "busy") throw error;
          report.failed++;
          const { code, message: detail } = error;
          const mac = macOf(wanted.mac) ?? null;
          report.lines.push({ line, mac, created: false, done: null, claimCode: null, code, detail });
        }
      }
      return report;
    },
  );

  const show = (access: RequestAccess, mac: string) => showDevice(findDevice(store, access, mac));
  const one = (summary: string, description: string) => ({
    summary,
    description,
    params: MacParams,
    response: { 200: DeviceSchema, ...PROBLEM_RESPONSES },
  });

  app.patch(
    "/api/v1/devices/:mac",
    {
      config: { access: "operate" },
      schema: {
        ...one(
          "Names a device, or moves it",
          "To a project of another organisation too, if you may in both; its history goes with it.",
        ),
        querystring: OrganisationQuery,
        body: DevicePatch,
      },
    },
    async ({ params, query, body, access }, reply) => {
      const device = findDevice(store, access, params.mac);
      const { name, project } = body as Partial<Wanted>;
      const to = project === undefined ? undefined : findProject(access, projects, query.organisation, project, device);
      const isMove = to !== undefined && to !== device.projectId;
      check(await registrations.change(device.mac, { name, project: isMove ? to : undefined }));
      return sendDevice(reply, findDevice(store, access, device.mac));
    },
  );

  app.post(
    "/api/v1/devices/:mac/approve",
    {
      config: { access: "operate", heldAgainst: DEVICE_PATH },
      schema: one("Takes in a device that waits, or one that was revoked", "It comes back by itself within a minute."),
    },
    async ({ params, access }) => {
      const { mac, standing } = findDevice(store, access, params.mac);
      if (standing === Standing.Replaced) throw new Problem("deviceNotActive", "another board stands in its place");
      check(await registrations.setStanding(mac, Standing.Active));
      return show(access, mac);
    },
  );

  app.post(
    "/api/v1/devices/:mac/revoke",
    {
      config: { access: "operate", heldAgainst: DEVICE_PATH },
      schema: one("Refuses a device from now on", "Its connection ends at once; what it has sent stays."),
    },
    async ({ params, access }) => {
      const { mac } = findDevice(store, access, params.mac);
      check(await registrations.setStanding(mac, Standing.Revoked));
      return show(access, mac);
    },
  );

  app.post(
    "/api/v1/devices/:mac/rotate",
    {
      config: { access: "operate", heldAgainst: DEVICE_PATH },
      schema: one(
        "Gives a device another secret",
        "As a part of its configuration: it tries it, and goes back by itself if it does not work. Both are good until then.",
      ),
    },
    async ({ params, access }) => {
      const { mac, standing } = findDevice(store, access, params.mac);
      if (standing !== Standing.Active) throw new Problem("deviceNotActive", "approve it first");
      const outcome = await registrations.renewSecret(mac);
      if (outcome === undefined) {
        throw new Problem("productUntold", "the device has never said which product it is; wait for its hello");
      }
      if ("faults" in outcome) throw new Problem("settingRefused", outcome.faults.join("; "));
      check(outcome.answer);
      return show(access, mac);
    },
  );

  app.post(
    "/api/v1/devices/:mac/replace",
    {
      config: { access: "operate", heldAgainst: DEVICE_PATH },
      schema: {
        ...one(
          "Puts another board in the place of a device",
          "The other board gets its name, project, settings and sensor graph, and goes on with its streams, events and notes; the device is refused from " +
            "now on, and says which board it was replaced by. A board that is in use elsewhere is taken with `takeOver` only.",
        ),
        body: ReplaceBody,
        response: { 200: DeviceCreated, ...PROBLEM_RESPONSES },
      },
    },
    async ({ params, body, access }) => {
      const device = findDevice(store, access, params.mac);
      const by = macOf(body.by) ?? "";
      if (by === device.mac) throw new Problem("badRequest", "a board cannot take its own place");
      const other = store.device(by);
      const unknown = () => new Problem("deviceElsewhere", ELSEWHERE);
      if (other !== undefined && other.organisationId !== null) access.judge(other.organisationId, unknown);
      const { answer, claimCode, conflicts } = await registrations.replace(device.mac, by, body.takeOver === true);
      if (answer.outcome === "boardInUse" && other !== undefined) throw boardInUse(other, device);
      check(answer);
      return { mac: by, slug: deviceSlug(by), created: other === undefined, claimCode, conflicts: conflicts ?? [] };
    },
  );

  app.delete(
    "/api/v1/devices/:mac",
    {
      config: { access: "operate" },
      schema: {
        summary: "Forgets a device that has never sent a reading",
        params: MacParams,
        response: { 204: Type.Null(), ...PROBLEM_RESPONSES },
      },
    },
    async ({ params, access }, reply) => {
      const { mac } = findDevice(store, access, params.mac);
      check(await registrations.delete(mac));
      return reply.code(204).send(null);
    },
  );
}

/** What it is, and what would become of that. */
function boardInUse({ mac, name, projectId, helloMs }: DeviceRow, { mac: former }: DeviceRow): Problem {
  const project = projectId === null ? "" : ` of project ${projectSlug(projectId)}`;
  const heard = helloMs === null ? "" : `, said hello ${showTime(helloMs)}`;
  return new Problem(
    "boardInUse",
    `${mac} is a device${name === null ? "" : `, "${name}",`}${project}${heard}: it would leave that place, and what it has measured ` +
      `would stand in one history with ${former}; send "takeOver": true (--yes) if that is meant`,
  );
}

/** But for its project. */
function isAsWanted({ name, standing }: DeviceRow, wanted: Wanted): boolean {
  return standing === Standing.Active && (wanted.name === undefined || wanted.name === name);
}

const ELSEWHERE = "the server knows this board in another place; whoever it is with has to move it";

/** Throws unless it was done. */
export function check({ outcome }: StoreAnswer): void {
  switch (outcome) {
    case "done":
    case "existed":
      return;
    case "deviceUnknown":
      throw new Problem("deviceUnknown", "no such device; see /api/v1/devices");
    case "deviceNotActive":
      throw new Problem("deviceNotActive", "it was revoked or replaced: approve it first, or give it a secret here");
    case "deviceElsewhere":
      throw new Problem("deviceElsewhere", ELSEWHERE);
    case "deviceHasReadings":
      throw new Problem(
        "deviceHasReadings",
        "its readings would go with it: revoke it, and it is refused from then on",
      );
    case "projectUnknown":
      throw new Problem("projectUnknown", "no such project; see /api/v1/projects");
    case "tooManyDevices":
      throw new Problem("tooManyDevices", "the project has as many devices as one can have; make another one");
    default:
      throw busy();
  }
}

function ofTable(text: string): Array<{ line: number; wanted: Wanted }> {
  const rows = readCsv(text, COLUMNS);
  if (rows.length > DEVICES_PER_REQUEST_MAX) {
    throw new Problem(
      "csvInvalid",
      `it has ${rows.length} lines, more than ${DEVICES_PER_REQUEST_MAX}; send it in parts`,
    );
  }
  return rows.map(ofRow);
}

/** Of the lengths that JSON is checked for; what else is wrong is told as it is there. */
function ofRow({ line, fields }: CsvRow): { line: number; wanted: Wanted } {
  const { mac = "", name, project, secret } = fields;
  if (name !== undefined && !Check(Name, name)) {
    const detail = `line ${line}: a name has at most ${NAME_MAX_CHARS} characters, and none that a terminal obeys`;
    throw new Problem("csvInvalid", detail);
  }
  if (secret !== undefined && (secret.length < SECRET_MIN_CHARS || Buffer.byteLength(secret) > 64)) {
    throw new Problem("csvInvalid", `line ${line}: a secret has ${SECRET_MIN_CHARS} to 64 characters`);
  }
  const wanted: Wanted = { mac };
  if (name !== undefined) wanted.name = name;
  if (project !== undefined) wanted.project = project;
  if (secret !== undefined) wanted.secret = secret;
  return { line, wanted };
}
