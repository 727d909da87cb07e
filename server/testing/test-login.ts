/** For tests: a server that asks who comes, in a folder of its own, and whoever may do everything there. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import Database from "better-sqlite3";
import { OPERATOR_TOKEN_FILE } from "../access/begin-folder.ts";
import { Registration } from "../access/registration.ts";
import type { LintelServer, ServerOptions } from "../server-options.ts";
import { makeFolder, startTestServer } from "./test-server.ts";

export interface Answer {
  status: number;
  body: Record<string, unknown> & { items: Array<Record<string, unknown>> };
}

export class GuardedServer {
  readonly server: LintelServer;
  readonly #folder: ReturnType<typeof makeFolder>;
  readonly token: string;

  private constructor(server: LintelServer, folder: ReturnType<typeof makeFolder>) {
    this.server = server;
    this.#folder = folder;
    this.token = readFileSync(join(folder.path, OPERATOR_TOKEN_FILE), "utf8").trim();
  }

  static async start(options: Partial<ServerOptions> = {}): Promise<GuardedServer> {
    const folder = makeFolder();
    const server = await startTestServer(folder.path, { login: "required", registration: "claim", ...options });
    return new GuardedServer(server, folder);
  }

  /** `body`: JSON, or a table. */
  async call(method: string, path: string, body?: object | string): Promise<Answer> {
    const type = typeof body === "string" ? "text/csv" : "application/json";
    const response = await fetch(new URL(`/api/v1${path}`, this.server.url), {
      method,
      headers: { authorization: `Bearer ${this.token}`, ...(body === undefined ? {} : { "content-type": type }) },
      ...(body === undefined ? {} : { body: typeof body === "string" ? body : JSON.stringify(body) }),
    });
    const text = await response.text();
    return { status: response.status, body: (text === "" ? {} : JSON.parse(text)) as Answer["body"] };
  }

  async metric(name: string): Promise<number> {
    const response = await fetch(new URL("/metrics", this.server.url), {
      headers: { authorization: `Bearer ${this.token}` },
    });
    const line = (await response.text()).split("\n").find((one) => one.startsWith(`${name} `));
    return Number(line?.slice(name.length) ?? 0);
  }

  /** Straight in the database: what people have chosen elsewhere. */
  sql<T>(text: string, ...values: unknown[]): T[] {
    const db = new Database(join(this.#folder.path, "lintel.db"));
    try {
      const statement = db.prepare(text);
      if (statement.reader) return statement.all(...values) as T[];
      statement.run(...values);
      return [];
    } finally {
      db.close();
    }
  }

  /** The first project takes boards with this token. */
  claimWith(token: string, registration = Registration.Claim): void {
    this.sql("UPDATE projects SET claim_token = ?, registration = ? WHERE id = 1", token, registration);
  }

  /** A second organisation with one project; gives its id. */
  otherProject(): number {
    this.sql("INSERT INTO organisations (id, slug, name, created_ms) VALUES (2, 'other', 'Other', 0)");
    this.sql(
      "INSERT INTO projects (id, organisation_id, name, registration, created_ms) VALUES (2, 2, 'Elsewhere', ?, 0)",
      Registration.Closed,
    );
    return 2;
  }

  async stop(): Promise<void> {
    await this.server.stop();
    this.#folder.remove();
  }
}
