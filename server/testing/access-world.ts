/**
 * For tests: a server with two organisations, `own` and `other`, that have one of everything, and somebody of each kind who asks
 * for it. Whatever a request changes is put back before the next one, from a copy of the database.
 */
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import Database from "better-sqlite3";
import { HelloKey } from "../../runtime/contract/messages.ts";
import { Level, levelOf, ROLES } from "../access/level.ts";
import { Passwords } from "../access/passwords.ts";
import { digestOf, makeSecret } from "../access/secrets.ts";
import type { ApiRoute } from "../api/build-api.ts";
import { macToText } from "../mac-address.ts";
import type { LintelServer, ServerOptions } from "../server-options.ts";
import {
  type Ask,
  alarm,
  BOARD,
  BOARDS,
  derive,
  describe,
  happen,
  KIT,
  MARKS,
  PLACES,
  type Place,
  release,
  STREAM,
  type Thing,
} from "./access-things.ts";
import { encodePack, inMemory, makeFolder, startTestServer, TEST_NOW_MS } from "./test-server.ts";

/** Far below what a server takes: for tests alone. */
export const CHEAP = { ln: 4, r: 8, p: 1 };
export const PASSWORD = "of twelve characters or more";

const BACKUP_POLL_MS = 5;
const BACKUP_TRIES_MAX = 1000;

export interface Asking {
  name: string;
  headers: Record<string, string>;
  levels: Record<Place, Level>;
  isOperator: boolean;
  /** Has an account. */
  isPerson: boolean;
  /** Comes with all that he may. */
  isWhole: boolean;
  /** Of the account; 0: none. */
  user: number;
}

export class AccessWorld {
  readonly routes: ApiRoute[] = [];
  readonly things = {} as Record<Place, Thing>;
  readonly askers: Asking[] = [];
  server!: LintelServer;
  nowMs = TEST_NOW_MS;
  readonly #folder = makeFolder();
  readonly #copy = makeFolder();
  #db!: Database.Database;
  #tables: string[] = [];
  #operator = makeSecret("token");
  #password = "";

  get dataDir(): string {
    return this.#folder.path;
  }

  async start(options: Partial<ServerOptions> = {}): Promise<void> {
    this.server = await startTestServer(this.#folder.path, {
      login: "required",
      passwordCost: CHEAP,
      nowMs: () => this.nowMs,
      onRoute: (route) => this.routes.push(route),
      ...options,
    });
    this.#password = await new Passwords(CHEAP).hash(PASSWORD);
    this.#db = new Database(join(this.#folder.path, "lintel.db"));
    this.#db.pragma("synchronous = OFF");
    this.addToken(null, null, Level.Own, true, this.#operator);
    await this.#ask("PUT", `/api/v1/flash-kits/${BOARD}`, KIT);
    for (const place of PLACES) this.things[place] = await this.#furnish(place);
    this.#invite();
    const copy = join(this.#copy.path, "copy.db");
    this.#db.prepare("VACUUM INTO ?").run(copy);
    this.#db.prepare("ATTACH ? AS copy").run(copy);
    this.#tables = this.#db
      .prepare<[], { name: string }>(
        "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%' AND sql NOT LIKE 'CREATE VIRTUAL%'",
      )
      .all()
      .map(({ name }) => name);
    this.#db.pragma("foreign_keys = OFF");
  }

  async stop(): Promise<void> {
    this.#db?.close();
    await this.server?.stop();
    this.#folder.remove();
    this.#copy.remove();
  }

  /** As it was when the world began. */
  restore(): void {
    this.#db.transaction(() => {
      for (const table of this.#tables) {
        this.#db.exec(`DELETE FROM main."${table}"; INSERT INTO main."${table}" SELECT * FROM copy."${table}";`);
      }
    })();
  }

  /** A board that nobody knows comes, and is refused. */
  async knock(place: Place): Promise<void> {
    const { stranger } = this.things[place];
    const board = inMemory(this.server, stranger);
    if ((await board.knock()) === 0) throw new Error(`${stranger} was let in: a project takes everybody`);
    board.drop();
  }

  /** Resolves when there is a whole one. */
  async backUp(): Promise<void> {
    const path = "/api/v1/backup";
    const headers = bearer(this.#operator);
    const look = async () => {
      const response = await fetch(this.server.url + path, { headers });
      return response.ok ? ((await response.json()) as { state: string }).state : "none";
    };
    if ((await look()) === "none") await fetch(this.server.url + path, { method: "POST", headers });
    for (let tries = 0; (await look()) !== "done"; tries++) {
      if (tries > BACKUP_TRIES_MAX) throw new Error(`the backup is ${await look()}`);
      await sleep(BACKUP_POLL_MS);
    }
  }

  addUser(name: string, isOperator = false): number {
    const add = this.#db.prepare(
      "INSERT INTO users (email, name, password, is_operator, created_ms) VALUES (?, ?, ?, ?, 0)",
    );
    return Number(add.run(`${name}@example.org`, name, this.#password, isOperator ? 1 : 0).lastInsertRowid);
  }

  join(user: number, organisation: number, level: Level): void {
    this.#db.prepare("INSERT INTO memberships VALUES (?, ?, ?, 0)").run(organisation, user, level);
  }

  addToken(
    user: number | null,
    organisation: number | null,
    level: Level,
    isOperator: boolean,
    secret: string,
  ): number {
    const add = this.#db.prepare(
      "INSERT INTO tokens (digest, name, user_id, organisation_id, level, is_operator, created_ms) VALUES (?, ?, ?, ?, ?, ?, 0)",
    );
    const name = organisation === null ? "token" : `token of ${organisation}`;
    return Number(add.run(digestOf(secret), name, user, organisation, level, isOperator ? 1 : 0).lastInsertRowid);
  }

  addSession(user: number, secret: string, csrf: string): number {
    const add = this.#db.prepare(
      "INSERT INTO sessions (digest, user_id, csrf, created_ms, used_ms, expires_ms) VALUES (?, ?, ?, 0, ?, ?)",
    );
    return Number(add.run(digestOf(secret), user, csrf, this.nowMs, this.nowMs + 30 * 86_400_000).lastInsertRowid);
  }

  sessionOf(user: number): number {
    return this.#idOf("SELECT id FROM sessions WHERE user_id = ?", user);
  }

  tokenOf(user: number): number {
    return this.#idOf("SELECT id FROM tokens WHERE user_id = ?", user);
  }

  async #furnish(place: Place): Promise<Thing> {
    const { mac } = BOARDS[place];
    await this.#ask("POST", "/api/v1/organisations", { slug: place, name: MARKS[place] });
    const organisation = this.#idOf("SELECT id FROM organisations WHERE slug = ?", place);
    const project = this.#idOf("SELECT id FROM projects WHERE organisation_id = ?", organisation);
    const secret = makeSecret("device");
    await this.#ask("POST", "/api/v1/devices", { mac, project, name: MARKS[place], secret });
    await this.#ask("POST", "/api/v1/devices", { mac: macToText(BOARDS[place].iotile), project, name: MARKS[place] });
    const device = await inMemory(this.server, mac).connect(mac, secret);
    await device.subscribe();
    device.hello(1, [[HelloKey.Product, "counter"]]);
    device.data(encodePack(1, 1, 1, [{ stream: STREAM, value: 1 }]));
    await device.ack(1);
    await this.server.idle();
    const ask: Ask = (...request) => this.#ask(...request);
    const released = await release(place, ask);
    await derive(place, ask);
    const happened = await happen(place, ask);
    const { id: command } = await this.#ask("POST", `/api/v1/devices/${mac}/commands`, { method: "report" });
    await this.#ask("PUT", `/api/v1/devices/${mac}/graph`, Buffer.alloc(0));
    await this.#ask("PUT", `/api/v1/devices/${mac}/desired-image`, { image: released.image });
    const alarmed = await alarm(place, ask);
    const alert = this.#idOf("SELECT id FROM alerts WHERE organisation_id = ?", organisation);
    const mqttUser = MARKS[place];
    await this.#ask("POST", `/api/v1/mqtt-users?organisation=${place}`, { name: mqttUser });
    const template = await describe(place, ask);
    const { id: fleet } = await this.#ask("POST", `/api/v1/fleets?organisation=${place}`, { name: MARKS[place] });
    const user = this.addUser(`viewer-${MARKS[place]}`);
    this.join(user, organisation, Level.Read);
    const session = this.addSession(user, makeSecret("session"), "csrf");
    const token = this.addToken(null, organisation, Level.Read, false, makeSecret("token"));
    const personalToken = this.addToken(user, null, Level.Own, false, makeSecret("token"));
    const { id: invitation } = await this.#ask("POST", `/api/v1/organisations/${place}/invitations`, {
      role: "viewer",
    });
    const people = { user, session, invitation, token, personalToken };
    return {
      slug: place,
      organisation,
      project,
      ...BOARDS[place],
      ...released,
      ...happened,
      ...alarmed,
      alert,
      command,
      mqttUser,
      template,
      fleet,
      ...people,
    };
  }

  /** Somebody of each kind. */
  #invite(): void {
    const { organisation } = this.things.own;
    const nobody = { levels: { own: Level.None, other: Level.None }, isOperator: false, user: 0 };
    const add = (asking: Partial<Asking> & Pick<Asking, "name" | "headers">) =>
      this.askers.push({ ...nobody, isPerson: false, isWhole: false, ...asking });
    add({ name: "nobody", headers: {} });
    for (const role of ROLES) {
      const user = this.addUser(role);
      this.join(user, organisation, levelOf(role));
      const levels = { ...nobody.levels, own: levelOf(role) };
      add({ name: role, headers: this.#session(user), levels, user, isPerson: true, isWhole: true });
      this.addToken(user, null, Level.Own, false, makeSecret("token"));
    }
    const stranger = this.addUser("stranger");
    this.addToken(stranger, null, Level.Own, false, makeSecret("token"));
    add({ name: "stranger", headers: this.#session(stranger), user: stranger, isPerson: true, isWhole: true });
    const operator = this.addUser("operator", true);
    this.addToken(operator, null, Level.Own, false, makeSecret("token"));
    const everything = { own: Level.Own, other: Level.Own };
    const isOperator = { isOperator: true, levels: everything };
    add({
      name: "operator",
      headers: this.#session(operator),
      ...isOperator,
      user: operator,
      isPerson: true,
      isWhole: true,
    });
    add({ name: "token of the data folder", headers: bearer(this.#operator), ...isOperator });
    const both = this.addUser("owner-of-both");
    for (const place of PLACES) this.join(both, this.things[place].organisation, Level.Own);
    this.addSession(both, makeSecret("session"), "csrf");
    for (const level of [Level.Read, Level.Operate, Level.Administer, Level.Own]) {
      const machine = makeSecret("token");
      this.addToken(null, organisation, level, false, machine);
      const levels = { own: level, other: Level.None };
      add({ name: `token of a machine, ${Level[level]}`, headers: bearer(machine), levels });
      const limited = makeSecret("token");
      this.addToken(both, organisation, level, false, limited);
      add({
        name: `token of an owner of both for one, ${Level[level]}`,
        headers: bearer(limited),
        ...{ levels, user: both, isPerson: true },
      });
      const whole = makeSecret("token");
      this.addToken(both, null, level, false, whole);
      add({
        name: `token of an owner of both, ${Level[level]}`,
        headers: bearer(whole),
        ...{ levels: { own: level, other: level }, user: both, isPerson: true, isWhole: level === Level.Own },
      });
    }
  }

  #session(user: number): Record<string, string> {
    const secret = makeSecret("session");
    this.addSession(user, secret, `csrf-${user}`);
    return { cookie: `lintel-session=${secret}`, "x-csrf-token": `csrf-${user}` };
  }

  async #ask(method: string, path: string, body: object): Promise<{ id: number }> {
    const isFile = Buffer.isBuffer(body);
    const response = await fetch(this.server.url + path, {
      method,
      headers: {
        ...bearer(this.#operator),
        "content-type": isFile ? "application/octet-stream" : "application/json",
      },
      body: isFile ? new Uint8Array(body) : JSON.stringify(body),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} ${path}: ${text}`);
    return JSON.parse(text) as { id: number };
  }

  #idOf(sql: string, key: string | number): number {
    return this.#db.prepare<[string | number], { id: number }>(sql).get(key)?.id ?? 0;
  }
}

export function bearer(secret: string): Record<string, string> {
  return { authorization: `Bearer ${secret}` };
}
