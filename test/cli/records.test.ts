/** What people and programs write down, on the command line: notes, events with files, invitations, the audit log. */
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { runLintel } from "./run-lintel.ts";
import { type RunningLintel, startServe } from "./start-lintel.ts";

const TIMEOUT_MS = 300_000;
const BOARD = "024c4e540001";

let folder: string;
let server: RunningLintel;
let url: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "lintel-records-"));
  // The tools find the operator's token there.
  process.env["LINTEL_DATA"] = join(folder, "data");
  ({ server, url } = await startServe(folder, []));
  await lintel("devices", "create", BOARD);
}, TIMEOUT_MS);

afterAll(async () => {
  delete process.env["LINTEL_DATA"];
  await server?.stop();
  await rm(folder, { recursive: true, force: true });
});

const run = (...args: string[]) => runLintel(...args, "--server", url);
async function lintel(...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await run(...args);
  expect(code, stderr).toBe(0);
  return stdout;
}
const json = async (...args: string[]) => JSON.parse(await lintel(...args, "--json"));

test("notes about a device, a stream and a project", { timeout: TIMEOUT_MS }, async () => {
  expect(await lintel("notes", "add", BOARD, "hangs askew")).toBe("note 1 is made\n");
  await lintel("notes", "add", BOARD, "counts the cat", "--stream", "5001");
  await lintel("notes", "add", "p--0000-0001", "closed in August");
  await lintel("notes", "change", "1", "hangs straight");
  expect(await lintel("notes", "list", BOARD)).toMatch(
    /^ID +ABOUT .*\n1 +024c4e540001 .*Z +hangs straight\n2 +024c4e540001\/5001 .*counts the cat\n$/,
  );
  expect(await json("notes", "list", BOARD, "--stream", "5001")).toMatchObject([{ id: 2, stream: "5001" }]);
  expect(await json("notes", "list", "1")).toMatchObject([{ project: "p--0000-0001", text: "closed in August" }]);
  expect(await lintel("notes", "remove", "2")).toBe("note 2 is deleted\n");
  expect((await run("notes", "remove", "2")).stderr).toContain("no note 2");
  expect((await run("notes", "list", "1", "--stream", "5001")).stderr).toContain("--stream belongs to a device");
  expect((await run("notes", "list", "shop")).stderr).toContain("or a project, as 1 or p--0000-0001");
});

test("events, with files that come back as they were", { timeout: TIMEOUT_MS }, async () => {
  const [picture, log] = [join(folder, "door.png"), join(folder, "door.log")];
  // PNG, section 5.2: the signature; and bytes that are no text.
  const bytes = Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0xff, 0x00);
  await writeFile(picture, bytes);
  await writeFile(log, "opened\n");
  const add = ["events", "add", BOARD, "cleaned", "--time", "2026-11-01 08:30", "--data", '{"by": "Ann"}'];
  const event = await json(...add, "--file", picture);
  expect(event).toMatchObject({ time: "2026-11-01T08:30:00.000Z", data: { by: "Ann" }, files: [{ name: "door.png" }] });
  const id = String(event.id);
  expect(await lintel("events", "attach", BOARD, id, log)).toBe("door.log: 7 bytes, text/plain\n");
  expect(await lintel("events", "show", BOARD, id)).toMatch(
    /^event 1, cleaned, 2026-11-01T08:30:00.000Z, by .*\n\{"by":"Ann"\}\nFILE +TYPE .*\ndoor.log +text\/plain +7 .*\ndoor.png +image\/png +10 /,
  );
  const back = join(folder, "back.png");
  await lintel("events", "fetch", BOARD, id, "door.png", "-o", back);
  expect(Uint8Array.from(await readFile(back))).toEqual(bytes);
  expect((await run("events", "fetch", BOARD, id, "door.png", "-o", back)).stderr).toContain("use --force");
  await lintel("events", "remove", BOARD, id, "--file", "door.log");
  expect((await run("events", "fetch", BOARD, id, "door.log", "-o", log, "--force")).stderr).toContain(
    "no file door.log",
  );
  expect(await readFile(log, "utf8")).toBe("opened\n");

  await lintel("events", "add", BOARD, "moved", "--data", "to the window");
  expect(await lintel("events", "list", BOARD, "--limit", "1")).toMatch(/^ID .*\n1 .* door.png +\{"by":"Ann"\}\n$/);
  expect(await json("events", "list", BOARD, "--kind", "moved")).toMatchObject([{ id: 2, data: "to the window" }]);
  // Nothing is written down of what could not have its files.
  expect((await run("events", "add", BOARD, "moved", "--file", join(folder, "none"))).stderr).toContain("cannot read");
  expect(await json("events", "list", BOARD, "--from", "2026-11-02")).toHaveLength(1);
  expect(await lintel("events", "remove", BOARD, "2")).toBe("event 2 is deleted\n");
});

test("invitations are taken back, and the log says who did it", { timeout: TIMEOUT_MS }, async () => {
  await lintel("users", "invite", "home", "--email", "ann@example.org", "--role", "manager");
  const [invitation] = await json("invitations", "list", "home");
  expect(invitation).toMatchObject({ role: "manager", email: "ann@example.org" });
  expect(JSON.stringify(invitation)).not.toContain("li_");
  expect(await lintel("invitations", "remove", "home", String(invitation.id))).toContain("is taken back");
  expect(await json("invitations", "list", "home")).toEqual([]);
  const log = await json("audit", "--organisation", "home", "--action", "DELETE", "--limit", "1");
  expect(log).toMatchObject([{ action: expect.stringContaining("invitations"), status: 204, organisation: "home" }]);
  const refused = await lintel("audit", "--refused", "--from", "1h", "--subject", "5aff");
  expect(refused).toBe("TIME  WHO  ORGANISATION  ACTION  SUBJECT  ANSWER  FROM\n");
});
