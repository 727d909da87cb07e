/** `lintel serve` with people: the first link, and the commands that a person uses to let others in. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm, stat } from "node:fs/promises";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { PACKAGE_ROOT } from "../../tools/build/package-root.ts";
import { LINTEL } from "./run-lintel.ts";
import { type RunningLintel, startServe } from "./start-lintel.ts";

const PASSWORD = "nine green bottles";
const TIMEOUT_MS = 300_000;

let folder: string;
let server: RunningLintel;
let url: string;
let link: string;

/** As somebody with a folder of settings of his own; `input` is what he types. */
async function lintel(home: string, args: string[], input = "", env: NodeJS.ProcessEnv = {}) {
  const [program = "", ...first] = LINTEL;
  const child = spawn(program, [...first, ...args], {
    cwd: PACKAGE_ROOT,
    env: { ...process.env, XDG_CONFIG_HOME: join(folder, home), LINTEL_DATA: join(folder, "nowhere"), ...env },
  });
  let stdout = "";
  let stderr = "";
  child.stdout.on("data", (chunk: Buffer) => {
    stdout += chunk;
  });
  child.stderr.on("data", (chunk: Buffer) => {
    stderr += chunk;
  });
  child.stdin.end(input);
  const [code] = await once(child, "close");
  return { code, stdout, stderr };
}
const at = (home: string, ...args: string[]) => lintel(home, [...args, "--server", url]);

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "lintel-people-"));
  ({ server, url } = await startServe(folder, []));
  link = JSON.parse(await server.line(/makes the first one/)).link;
}, TIMEOUT_MS);

afterAll(async () => {
  await server?.kill();
  await rm(folder, { recursive: true, force: true });
});

test("from the link in the log to a member with a token", { timeout: TIMEOUT_MS }, async () => {
  const first = ["login", link, "--email", "jo@example.org", "--name", "Jo", "--password-stdin"];
  expect(await lintel("jo", first, `${PASSWORD}\n`)).toEqual({
    code: 0,
    stdout: `logged in to ${url} as Jo <jo@example.org>, operator of the server\n`,
    stderr: "an invitation to be owner of Home\n",
  });
  expect((await lintel("eve", first, `${PASSWORD}\n`)).stderr).toMatch(
    /^lintel: No such invitation: .* ask for a new one\n$/,
  );
  // For his eyes alone, and not his password.
  const kept = join(folder, "jo", "lintel", "credentials.json");
  expect((await stat(kept)).mode & 0o777).toBe(0o600);
  expect(JSON.parse(await readFile(kept, "utf8"))).toEqual({ [url]: expect.stringMatching(/^lt_/), server: url });
  expect((await at("jo", "whoami")).stdout).toBe(
    `Jo (lintel on ${hostname()}) <jo@example.org>, operator of the server at ${url}\n  home  owner of Home\n`,
  );

  expect((await at("jo", "organisations", "add", "shops", "The shops")).stdout).toContain("organisation shops is made");
  const invited = await at("jo", "users", "invite", "shops", "--role", "admin", "--email", "ann@example.org");
  expect(invited.stdout).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/invitation#li_/);
  const ann = ["login", invited.stdout.trim(), "--name", "Ann", "--password-stdin", "--json"];
  const taken = await lintel("ann", ann, `${PASSWORD}\n`);
  expect(JSON.parse(taken.stdout)).toMatchObject({ server: url, organisations: [{ slug: "shops", role: "admin" }] });

  const projects = JSON.parse((await at("ann", "projects", "list", "shops", "--json")).stdout);
  expect(projects).toMatchObject([{ name: "Default", registration: "claim" }]);
  const [{ id }] = projects;
  expect((await at("ann", "projects", "claim-token", String(id))).stderr).toContain("make one with --new");
  const claim = await at("ann", "projects", "claim-token", String(id), "--new");
  expect(claim.stdout).toMatch(/^lc_[\w-]{43}\n$/);
  expect((await at("ann", "projects", "claim-token", String(id))).stdout).toBe(claim.stdout);
  expect((await at("ann", "projects", "set", String(id), "--registration", "approval")).stdout).toContain(
    "takes in approval",
  );
  expect((await at("ann", "projects", "list", "home")).stderr).toMatch(/404: No such organisation/);

  const machine = await at("ann", "tokens", "add", "till", "--organisation", "shops", "--machine", "--days", "30");
  expect(machine.stdout).toMatch(/^lt_/);
  expect((await lintel("till", ["login", url, "--token"], machine.stdout)).stdout).toBe(
    `logged in to ${url} as till\n`,
  );
  expect((await at("till", "users", "list", "--organisation", "shops")).stdout).toMatch(
    /^id {2}email +name {2}role\n2 {3}ann@example\.org {2}Ann {3}admin\n$/,
  );
  expect((await at("till", "tokens", "list", "--organisation", "shops")).stderr).toContain("403: Not allowed");

  expect((await at("jo", "users", "role", "shops", "ANN@example.org", "viewer")).stdout).toBe(
    "ann@example.org is viewer of shops\n",
  );
  expect((await at("ann", "projects", "claim-token", String(id))).stderr).toContain("403");
  expect((await at("jo", "users", "list")).stdout).toMatch(/2 +ann@example\.org +Ann +20\S+Z +viewer of shops\n/);
  expect((await at("jo", "users", "disable", "2")).stdout).toBe("ann@example.org: disabled\n");
  expect((await at("ann", "whoami")).stderr).toContain("401: Not logged in");
  expect((await at("jo", "users", "disable", "nobody@example.org")).stderr).toBe(
    "lintel: no user nobody@example.org: see lintel users list\n",
  );

  expect((await at("jo", "logout")).stdout).toBe(`logged out of ${url}\n`);
  expect((await at("jo", "whoami")).stderr).toContain("401");
  expect(JSON.parse(await readFile(kept, "utf8"))).toEqual({});
  expect((await at("jo", "logout")).stderr).toContain("lintel login keeps it");
  const back = await lintel("jo", ["login", url, "--email", "jo@example.org", "--password-stdin"], `${PASSWORD}\n`);
  expect(back.stdout).toContain("logged in");
  const wrong = await lintel("jo", ["login", url, "--email", "jo@example.org", "--password-stdin"], "wrong\n");
  expect(wrong).toMatchObject({ code: 1, stderr: expect.stringContaining("Address or password is wrong") });
});

test("the server that one logged in to last is asked; --server and the environment win", {
  timeout: TIMEOUT_MS,
}, async () => {
  const nobody = "http://127.0.0.1:9";
  const other = JSON.parse((await lintel("kim", ["whoami", "--json", "--server", url])).stdout);
  expect(other).toMatchObject({ error: expect.stringContaining("401") });
  const login = ["login", "--server", url, "--email", "jo@example.org", "--password-stdin"];
  expect((await lintel("kim", login, `${PASSWORD}\n`)).stdout).toContain(`logged in to ${url} as Jo`);
  expect((await lintel("kim", ["whoami"])).stdout).toContain(` at ${url}\n`);
  expect(JSON.parse((await lintel("kim", ["devices", "list", "--json"])).stdout)).toEqual([]);
  expect((await lintel("kim", ["tail", "--help"])).stdout).toContain(`(default: ${url}, env:`);
  const inEnvironment = { LINTEL_SERVER: nobody };
  expect((await lintel("kim", ["whoami"], "", inEnvironment)).stderr).toContain(`no server answers at ${nobody}`);
  expect((await lintel("kim", ["whoami", "--server", url], "", inEnvironment)).code).toBe(0);
  expect((await lintel("kim", ["whoami"], "", { LINTEL_SERVER: "shop" })).stderr).toContain("as http://127.0.0.1:8080");
  // A second login only asks for who one is.
  const again = await lintel("kim", ["login", "--email", "jo@example.org", "--password-stdin"], `${PASSWORD}\n`);
  expect(again.stdout).toContain(`logged in to ${url} as Jo`);
  expect((await lintel("kim", ["logout"])).stdout).toBe(`logged out of ${url}\n`);
  expect((await lintel("kim", ["tail", "--help"])).stdout).toContain("(default: http://127.0.0.1:8080,");
});

test("proxies that are none", { timeout: TIMEOUT_MS }, async () => {
  const { code, stderr } = await lintel("jo", ["serve", "--trust-proxy", "my-proxy"]);
  expect(code).toBe(1);
  expect(stderr).toContain("as 127.0.0.1 or 10.0.0.0/8");
});
