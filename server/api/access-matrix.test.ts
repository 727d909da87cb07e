/**
 * Every route that the server has, asked by everybody, about what is of his organisation and of another one. What is expected
 * follows from the access that the route names, so a route that is added is tested as it stands; one that needs a parameter or a
 * body that is not known here fails, and says what to add.
 */
import { afterAll, beforeAll, expect, test } from "vitest";
import { Level } from "../access/level.ts";
import {
  BOARD,
  DERIVED_STREAM,
  FILE,
  KIT,
  LABEL,
  MARKS,
  newPem,
  PLACES,
  type Place,
  STREAM,
  type Thing,
} from "../testing/access-things.ts";
import { AccessWorld, type Asking, PASSWORD } from "../testing/access-world.ts";
import { REPORTS } from "../testing/iotile-reports.ts";
import { noise, testImage } from "../testing/test-images.ts";
import { LAMP } from "../testing/test-orders.ts";
import type { Access } from "./access-gate.ts";
import type { ApiRoute } from "./build-api.ts";

interface OpenApi {
  paths: Record<string, Record<string, { parameters?: Array<{ in: string; name: string }> }>>;
}

type Expected = "allowed" | 401 | 403 | 404;

/** Of a thing in an organisation: what somebody needs there. */
const NEEDED: Partial<Record<Access, Level>> = {
  read: Level.Read,
  operate: Level.Operate,
  administer: Level.Administer,
  own: Level.Own,
};

/** A parameter of a path, of the thing in a place. `mine`: the route is about whoever asks. */
const PARAMS: Record<string, (thing: Thing, mine: { session: number; token: number } | null) => string | number> = {
  mac: ({ mac }) => mac,
  stream: () => STREAM,
  slug: ({ slug }) => slug,
  project: ({ project }) => project,
  user: ({ user }) => user,
  invitation: ({ invitation }) => invitation,
  session: ({ session }, mine) => mine?.session ?? session,
  token: ({ token }, mine) => mine?.token ?? token,
  release: ({ release }) => release,
  rollout: ({ rollout }) => rollout,
  keyId: ({ keyId }) => keyId,
  rule: ({ alertRule }) => alertRule,
  alert: ({ alert }) => alert,
  channel: ({ channel }) => channel,
  board: () => BOARD,
  event: ({ event }) => event,
  note: ({ note }) => note,
  template: ({ template }) => template,
  fleet: ({ fleet }) => fleet,
  label: () => LABEL,
  product: () => "counter",
  file: () => "install-button.js",
};
/** Where the same name means something else. */
const PARAMS_OF: Record<string, Record<string, (thing: Thing) => string | number>> = {
  "/api/v1/images/:id": { id: ({ image }) => image },
  "/api/v1/images/:id/content": { id: ({ image }) => image },
  "/api/v1/devices/:mac/commands/:id": { id: ({ command }) => command },
  "/api/v1/devices/:mac/derived-streams/:stream": { stream: () => DERIVED_STREAM },
  "/api/v1/devices/:mac/events/:event/files/:name": { name: () => FILE },
  "/api/v1/mqtt-users/:name": { name: ({ mqttUser }) => mqttUser },
  "/api/v1/mqtt-users/:name/password": { name: ({ mqttUser }) => mqttUser },
  "/api/v1/strangers/:mac": { mac: ({ stranger }) => stranger },
  "/api/v1/strangers/:mac/approve": { mac: ({ stranger }) => stranger },
};

/** A body that the route takes. */
const BODIES: Record<string, (thing: Thing) => object> = {
  "POST /api/v1/images": () => testImage(noise(500, 9)).bytes,
  "POST /api/v1/iotile/reports": ({ iotile }) => {
    const report = Buffer.from(REPORTS.individual);
    report.writeUInt32LE(iotile, 4);
    return report;
  },
  "PATCH /api/v1/devices/:mac/config": () => ({ settings: {} }),
  "POST /api/v1/channels": () => ({ name: "another", kind: "mqtt" }),
  "PATCH /api/v1/channels/:channel": () => ({ enabled: false }),
  "POST /api/v1/alert-rules": () => ({ name: "another", condition: { kind: "health", state: "failed" } }),
  "PATCH /api/v1/alert-rules/:rule": () => ({ holdS: 1 }),
  "PUT /api/v1/devices/:mac/health-policy": () => ({}),
  "PUT /api/v1/projects/:project/health-policy": () => ({}),
  "PUT /api/v1/templates/:template/health-policy": () => ({}),
  "PUT /api/v1/organisations/:slug/health-policy": () => ({}),
  "PUT /api/v1/devices/:mac/config": () => ({ settings: {} }),
  "PUT /api/v1/devices/:mac/graph": () => Buffer.alloc(0),
  "PUT /api/v1/devices/:mac/desired-image": ({ image }) => ({ image }),
  "POST /api/v1/devices/:mac/commands": () => ({ method: "report" }),
  "POST /api/v1/devices": ({ newcomer }) => ({ mac: newcomer }),
  "PATCH /api/v1/devices/:mac": ({ project }) => ({ name: "Renamed", project }),
  "POST /api/v1/devices/:mac/replace": ({ newcomer }) => ({ by: newcomer }),
  "PUT /api/v1/devices/:mac/derived-streams/:stream": ({ mac }) => ({
    kind: "difference",
    source: { device: mac, stream: STREAM },
  }),
  "POST /api/v1/devices/:mac/events": () => ({ kind: "visit", data: { doors: 2 } }),
  "PUT /api/v1/devices/:mac/events/:event/files/:name": () => Buffer.from("another"),
  "POST /api/v1/devices/:mac/notes": () => ({ text: "moved", stream: STREAM }),
  "POST /api/v1/projects/:project/notes": () => ({ text: "closed on Sundays" }),
  "PATCH /api/v1/notes/:note": () => ({ text: "moved back" }),
  "POST /api/v1/strangers/:mac/approve": ({ project }) => ({ project }),
  "POST /api/v1/mqtt-users": () => ({ name: "another" }),
  "PATCH /api/v1/mqtt-users/:name": () => ({ grants: [] }),
  "POST /api/v1/templates": () => ({ name: "another", attributes: [] }),
  "PATCH /api/v1/templates/:template": () => ({ description: "Changed" }),
  "PUT /api/v1/devices/:mac/templates": ({ template }) => ({ templates: [{ template }] }),
  ...Object.fromEntries(
    ["/api/v1/config", "/api/v1/organisations/:slug/config", "/api/v1/projects/:project/config"].flatMap((path) => [
      [`PUT ${path}/:product`, () => ({ settings: {} })],
      [`PATCH ${path}/:product`, () => ({ settings: {} })],
    ]),
  ),
  "POST /api/v1/fleets": () => ({ name: "another" }),
  "PATCH /api/v1/fleets/:fleet": ({ project, template }) => ({ criterion: { project, template } }),
  "PATCH /api/v1/fleets/:fleet/members": ({ mac }) => ({ add: [mac] }),
  "PATCH /api/v1/devices/:mac/tags": () => ({ add: ["window"] }),
  "PATCH /api/v1/devices/:mac/properties": () => ({ properties: { owner: "somebody" } }),
  "PATCH /api/v1/projects/:project/properties": () => ({ properties: { owner: "somebody" } }),
  "PUT /api/v1/devices/:mac/location": () => ({ latitude: 1, longitude: 2 }),
  "PUT /api/v1/projects/:project/location": () => ({ latitude: 1, longitude: 2 }),
  "PUT /api/v1/devices/:mac/attributes": () => ({ values: { [LABEL]: 5 } }),
  "PUT /api/v1/devices/:mac/attributes/:label": () => ({ value: 5 }),
  "PATCH /api/v1/devices/:mac/overrides": () => ({ values: {} }),
  "POST /api/v1/release-keys": () => ({ name: "another", pem: PEM }),
  "PUT /api/v1/rollout-policy": () => ({ needsApproval: true }),
  "POST /api/v1/releases": ({ image }) => ({ version: "2.0.0", images: [image] }),
  "POST /api/v1/rollouts": ({ release }) => ({ release }),
  "POST /api/v1/rollouts/dry-run": ({ release }) => ({ release }),
  "PUT /api/v1/flash-kits/:board": () => KIT,
  "POST /api/v1/sessions": () => ({ email: `viewer-${MARKS.own}@example.org`, password: PASSWORD }),
  "PATCH /api/v1/me": () => ({ name: "Somebody" }),
  "PUT /api/v1/me/password": () => ({ current: PASSWORD, password: "another one of many characters" }),
  "POST /api/v1/tokens": () => ({ name: "mine" }),
  "POST /api/v1/invitations/look": () => ({ secret: `li_${"x".repeat(43)}` }),
  "POST /api/v1/invitations/accept": () => ({ secret: `li_${"x".repeat(43)}` }),
  "POST /api/v1/organisations/:slug/tokens": () => ({ name: "machine", level: "read" }),
  "POST /api/v1/organisations/:slug/invitations": () => ({ role: "viewer" }),
  "POST /api/v1/organisations/:slug/projects": () => ({ name: "another" }),
  "PUT /api/v1/organisations/:slug/members/:user": () => ({ role: "manager" }),
  "PATCH /api/v1/organisations/:slug": () => ({ name: "Renamed" }),
  "POST /api/v1/organisations": () => ({ slug: "third", name: "Third" }),
  "PATCH /api/v1/projects/:project": () => ({ registration: "closed" }),
  "PATCH /api/v1/users/:user": () => ({ name: "Renamed" }),
};

/** What has to be there again, outside of the database. */
const BEFORE: Record<string, (place: Place) => Promise<void>> = {
  "POST /api/v1/strangers/:mac/approve": (place) => world.knock(place),
  "DELETE /api/v1/strangers/:mac": (place) => world.knock(place),
  "GET /api/v1/backup": () => world.backUp(),
  "GET /api/v1/backup/content": () => world.backUp(),
  "DELETE /api/v1/backup": () => world.backUp(),
};

const PEM = newPem();
const ALARM = { kind: "health", state: "failed" };
const world = new AccessWorld();
/** `METHOD path`, as the server documents them: routes that take `?organisation=`. */
const placed = new Set<string>();
beforeAll(async () => {
  await world.start({ registration: "closed", products: [{ ...LAMP, name: "counter" }] });
  const { paths } = (await (await fetch(`${world.server.url}/api/v1/openapi.json`)).json()) as OpenApi;
  for (const [path, methods] of Object.entries(paths)) {
    for (const [method, { parameters = [] }] of Object.entries(methods)) {
      const isPlaced = parameters.some((one) => one.in === "query" && one.name === "organisation");
      if (isPlaced) placed.add(`${method.toUpperCase()} ${path.replace(/\{(\w+)\}/g, ":$1")}`);
    }
  }
});
afterAll(() => world.stop());

/** HEAD has the handler of GET. */
const routes = () => world.routes.filter(({ method }) => method !== "HEAD");
const isPlaced = ({ method, url }: ApiRoute) => placed.has(`${method} ${url}`);
const isAboutThing = (route: ApiRoute) => route.url.includes(":") || route.method !== "GET" || isPlaced(route);

function expected({ access, ...route }: ApiRoute, who: Asking, place: Place): Expected {
  if (access === "public") return "allowed";
  if (who.headers["authorization"] === undefined && who.headers["cookie"] === undefined) return 401;
  switch (access) {
    case "user":
      return "allowed";
    case "person":
    case "self":
      if (access === "self" ? !who.isWhole : !who.isPerson) return 403;
      return place === "own" || !route.url.includes(":") ? "allowed" : 404;
    case "server":
      return who.isOperator ? "allowed" : 403;
  }
  // A list has what somebody may see, however little.
  if (!isAboutThing({ access, ...route })) return "allowed";
  const has = who.levels[place];
  if (has === Level.None) return 404;
  return has < (NEEDED[access] ?? Level.Own) ? 403 : "allowed";
}

function pathOf(route: ApiRoute, who: Asking, place: Place): string {
  const thing = world.things[place];
  const isSelf = route.access === "self" || route.access === "person";
  const mine =
    isSelf && place === "own" ? { session: world.sessionOf(who.user), token: world.tokenOf(who.user) } : null;
  const personal = isSelf ? { ...thing, token: thing.personalToken } : thing;
  const path = route.url.replace(/:(\w+)/g, (_, name: string) => {
    const find = PARAMS_OF[route.url]?.[name] ?? PARAMS[name];
    if (find === undefined) throw new Error(`${route.url}: say in PARAMS or PARAMS_OF what :${name} is, of ${place}`);
    return String(find(personal, mine));
  });
  return isPlaced(route) ? `${path}?organisation=${thing.slug}` : path;
}

async function ask(
  route: ApiRoute,
  who: Asking,
  place: Place,
  more: Record<string, string> = {},
): Promise<{ status: number; text: string; tag: string | null }> {
  const { method, url } = route;
  world.nowMs += 1000;
  await BEFORE[`${method} ${url}`]?.(place);
  const body = BODIES[`${method} ${url}`]?.(world.things[place]);
  const end = new AbortController();
  const type = Buffer.isBuffer(body) ? "application/octet-stream" : "application/json";
  const response = await fetch(world.server.url + pathOf(route, who, place), {
    method,
    signal: end.signal,
    redirect: "manual",
    headers: { ...who.headers, ...more, ...(body !== undefined && { "content-type": type }) },
    ...(body !== undefined && { body: Buffer.isBuffer(body) ? new Uint8Array(body) : JSON.stringify(body) }),
  });
  const { status, headers } = response;
  if (headers.get("content-type")?.startsWith("text/event-stream")) {
    end.abort();
    return { status, text: "", tag: null };
  }
  return { status, text: await response.text(), tag: headers.get("etag") };
}

function verdict(access: Access, status: number): Expected | string {
  if (access === "public") return status === 401 || status === 403 ? status : "allowed";
  if (status === 401 || status === 403 || status === 404) return status;
  if ((status >= 200 && status < 300) || status === 409 || status === 422) return "allowed";
  return `${status}`;
}

test("each route says which access it has, and all kinds of them are there", () => {
  expect(routes().length).toBeGreaterThan(50);
  const kinds = new Set(routes().map(({ access }) => access));
  expect([...kinds].sort()).toEqual(
    ["administer", "operate", "own", "person", "public", "read", "self", "server", "user"].sort(),
  );
});

test("every route, asked by everybody, about his own and another organisation", { timeout: 600_000 }, async () => {
  const wrong: string[] = [];
  for (const route of routes()) {
    for (const who of world.askers) {
      for (const place of PLACES) {
        const name = `${route.method} ${route.url} by ${who.name}, ${place}`;
        const { status, text } = await ask(route, who, place);
        const got = verdict(route.access, status);
        const wanted = expected(route, who, place);
        if (got !== wanted)
          wrong.push(`${name}: ${status} instead of ${wanted}; ${hint(route, status)}${text.slice(0, 200)}`);
        const mayNotSee = who.levels.other === Level.None && [MARKS.other, world.things.other.mac];
        for (const mark of mayNotSee || []) {
          if (status < 300 && text.includes(mark)) wrong.push(`${name}: the answer holds ${mark}`);
        }
        if (route.method !== "GET" && status < 400) world.restore();
      }
    }
  }
  expect(wrong).toEqual([]);
});

test("every change with an ETag that is not of now is refused, and one with that of now is not", async () => {
  const operator = world.askers.find(({ name }) => name === "operator") as Asking;
  const wrong: string[] = [];
  let matched = 0;
  for (const route of routes().filter(({ method, access }) => method !== "GET" && access !== "public")) {
    const name = `${route.method} ${route.url}`;
    const other = await ask(route, operator, "own", { "if-match": '"0123456789abcdef01234567"' });
    if (other.status !== 412 && other.status !== 404) wrong.push(`${name}: ${other.status}${other.text.slice(0, 200)}`);
    const read = routes().find(({ method, url }) => method === "GET" && url === route.url);
    if (read === undefined || other.text.includes("conditionImpossible")) continue;
    await BEFORE[name]?.("own");
    const { tag } = await ask(read, operator, "own");
    const same = await ask(route, operator, "own", { "if-match": tag ?? "none" });
    if (same.status === 412) wrong.push(`${name}: ${tag} of now is not taken: ${same.text}`);
    if (same.status < 400) {
      matched++;
      world.restore();
    }
  }
  expect(wrong).toEqual([]);
  expect(matched).toBeGreaterThan(40);
});

test("what is of another organisation is answered as what is not there, word by word", async () => {
  const admin = world.askers.find(({ name }) => name === "owner") as Asking;
  const words = async (path: string) => {
    const response = await fetch(world.server.url + path, { headers: admin.headers });
    return [response.status, (await response.text()).replaceAll(/[0-9a-f]{12}|\d+|other|nosuch/g, "*")];
  };
  const { mac, project } = world.things.other;
  for (const [there, nowhere] of [
    [`/api/v1/devices/${mac}`, "/api/v1/devices/000000000000"],
    [`/api/v1/projects/${project}`, "/api/v1/projects/99"],
    ["/api/v1/organisations/other", "/api/v1/organisations/nosuch"],
  ] as const) {
    expect((await words(there))[0]).toBe(404);
    expect(await words(there)).toEqual(await words(nowhere));
  }
});

test("what a body names is of no use to who is not in its organisation, and is told as what is not there", async () => {
  const owner = world.askers.find(({ name }) => name === "owner") as Asking;
  const { own, other } = world.things;
  const nowhere = {
    ...other,
    project: 9999,
    mac: "000000000000",
    image: "0".repeat(16),
    release: 9999,
    channel: 9999,
    template: 9999,
    fleet: 9999,
    slug: "nosuch",
  };
  const send = async (method: string, path: string, body: object) => {
    const headers = { ...owner.headers, "content-type": "application/json" };
    const response = await fetch(`${world.server.url}/api/v1${path}`, { method, headers, body: JSON.stringify(body) });
    const text = (await response.text()).replaceAll(/[0-9a-f]{12,16}|\b(\d+|other|nosuch)\b|p--[-0-9a-f]{9}/g, "*");
    return `${response.status} ${text}`;
  };
  const slugOf = (project: number) => `p--0000-${project.toString(16).padStart(4, "0")}`;
  const derived = `/devices/${own.mac}/derived-streams/${DERIVED_STREAM}`;
  const naming: Array<[string, string, (there: typeof nowhere) => object]> = [
    ["PUT", `/devices/${own.mac}/desired-image`, ({ image }) => ({ image })],
    ["POST", "/releases?organisation=own", ({ image }) => ({ version: "3", images: [image] })],
    ["POST", "/rollouts", ({ release }) => ({ release })],
    ["POST", "/rollouts/dry-run", ({ release }) => ({ release })],
    ["POST", "/rollouts/dry-run", ({ project }) => ({ release: own.release, target: { project } })],
    ["POST", "/rollouts/dry-run", ({ mac }) => ({ release: own.release, target: { devices: [mac] } })],
    ["PATCH", `/devices/${own.mac}`, ({ project }) => ({ project })],
    ["PATCH", `/devices/${own.mac}`, ({ project }) => ({ project: slugOf(project) })],
    ["POST", "/devices?organisation=own", ({ project }) => ({ mac: own.newcomer, project })],
    ["POST", "/devices?organisation=own", ({ project }) => [{ mac: own.newcomer, project }]],
    ["PUT", derived, ({ mac }) => ({ kind: "difference", source: { device: mac, stream: STREAM } })],
    ["PUT", derived, ({ mac }) => ({ kind: "alias", sections: [{ device: mac, stream: STREAM }] })],
    ["PUT", `/devices/${own.mac}/templates`, ({ template }) => ({ templates: [{ template }] })],
    ["PATCH", `/fleets/${own.fleet}/members`, ({ mac }) => ({ add: [mac] })],
    ["PATCH", `/fleets/${own.fleet}`, ({ template }) => ({ criterion: { template } })],
    ["PATCH", `/fleets/${own.fleet}`, ({ project }) => ({ criterion: { project } })],
    ["POST", "/rollouts/dry-run", ({ fleet }) => ({ release: own.release, target: { fleet } })],
    [
      "POST",
      "/alert-rules?organisation=own",
      ({ channel }) => ({ name: "one", condition: ALARM, channels: [channel] }),
    ],
    ["POST", "/alert-rules?organisation=own", ({ project }) => ({ name: "one", condition: ALARM, scope: { project } })],
    ["PATCH", `/alert-rules/${own.alertRule}`, ({ channel }) => ({ channels: [channel] })],
    ["POST", "/tokens", ({ slug }) => ({ name: "one", organisation: slug })],
  ];
  for (const [method, path, body] of naming) {
    const there = await send(method, path, body(other));
    expect(there, `${method} ${path}`).toBe(await send(method, path, body(nowhere)));
  }
  // A board is in one place of the server, so that it is known cannot be hidden from who names it; it stays where it is.
  for (const [path, body] of [
    ["/devices?organisation=own", { mac: other.mac }],
    [`/devices/${own.mac}/replace`, { by: other.mac }],
  ] as const) {
    expect(await send("POST", path, body)).toMatch(/^409 .*deviceElsewhere/);
  }
  world.restore();
});

function hint({ method, url }: ApiRoute, status: number): string {
  if (status === 400 || status === 415) return `give it a body that it takes in BODIES["${method} ${url}"]; `;
  return "";
}
