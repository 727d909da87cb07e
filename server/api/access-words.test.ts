/**
 * The access that routes name, held against what they do. The matrix beside this takes each route's word as given; here it shows
 * when one asks for less than it should.
 */
import { afterAll, beforeAll, expect, test } from "vitest";
import type { LintelServer } from "../server-options.ts";
import { makeFolder, startTestServer } from "../testing/test-server.ts";
import type { ApiRoute } from "./build-api.ts";

/** Whoever may read may do these: they change nothing. */
const CHANGES_NOTHING = ["POST /api/v1/rollouts/dry-run"];
/** Before anybody can have said who he is; boards are flashed from a page that asks nobody. */
const PUBLIC = [
  "GET /account/page.css",
  "GET /account/page.js",
  "GET /api/v1/flash-kits",
  "GET /api/v1/flash-kits/:board",
  "GET /api/v1/openapi.json",
  "GET /esp-web-tools/:file",
  "GET /flash",
  "GET /flash/:board/:file",
  "GET /flash/:board/manifest.json",
  "GET /flash/page.css",
  "GET /flash/page.js",
  "GET /healthz",
  "GET /invitation",
  "GET /login",
  "POST /api/v1/invitations/accept",
  "POST /api/v1/invitations/look",
  "POST /api/v1/sessions",
];
/** Also for who administers all organisations that the person is in, which the route looks at. */
const OF_PEOPLE = ["POST /api/v1/users/:user/password-reset"];

const folder = makeFolder();
const routes: ApiRoute[] = [];
let server: LintelServer;

beforeAll(async () => {
  server = await startTestServer(folder.path, { onRoute: (route) => routes.push(route) });
});
afterAll(async () => {
  await server.stop();
  folder.remove();
});

const named = (isIt: (route: ApiRoute) => boolean) =>
  routes
    .filter((route) => route.method !== "HEAD" && isIt(route))
    .map(({ method, url }) => `${method} ${url}`)
    .sort();

test("what is public is known by name", () => {
  expect(named(({ access }) => access === "public")).toEqual(PUBLIC);
});

test("what changes something asks for more than reading", () => {
  expect(named(({ access, method }) => access === "read" && method !== "GET")).toEqual(CHANGES_NOTHING);
});

test("what is of people, roles, tokens and keys asks for an administrator at least", () => {
  const isOfPeople = ({ url }: ApiRoute) =>
    /\/(:slug\/members|invitations|tokens|release-keys|rollout-policy|mqtt-users)/.test(url);
  const strong = ["administer", "own", "server", "person", "self", "public"];
  expect(named((route) => isOfPeople(route) && route.method !== "GET" && !strong.includes(route.access))).toEqual([]);
});

test("what is of the whole server is for its operators", () => {
  const isOfServer = ({ url }: ApiRoute) => /\/(users|backup|flash-kits)\b/.test(url);
  expect(named((route) => isOfServer(route) && !["server", "public"].includes(route.access))).toEqual(OF_PEOPLE);
});
