/** A copy of everything that the server keeps, made while it runs. */
import { createReadStream } from "node:fs";
import * as Type from "typebox/type";
import type { Backup } from "../store/backup-shelf.ts";
import { showTime } from "./device-routes.ts";
import type { BackupPort } from "./ports.ts";
import { Problem } from "./problem.ts";
import { Instant, Nullable, PROBLEM_RESPONSES } from "./schemas.ts";
import type { ApiApp } from "./typed-app.ts";

const PATH = "/api/v1/backup";
const BACKUP_TYPE = "application/vnd.sqlite3";

const BackupSchema = Type.Object({
  state: Type.Union([Type.Literal("running"), Type.Literal("done"), Type.Literal("failed")]),
  started: Instant,
  percent: Type.Integer({ minimum: 0, maximum: 100 }),
  sizeBytes: Nullable(Type.Integer()),
  error: Nullable(Type.String()),
});

export function addBackupRoutes(app: ApiApp, backups: BackupPort): void {
  const find = () => {
    const backup = backups.last;
    if (backup === undefined)
      throw new Problem("backupUnknown", `no backup was made since the server started; POST ${PATH}`);
    return backup;
  };

  app.post(
    PATH,
    {
      config: { access: "server" },
      schema: {
        summary: "Begins to copy everything that the server keeps, in place of the copy before",
        description:
          "Devices go on being heard. The copy holds all organisations, and secrets: keep it as you keep the server. It " +
          "stays in the data folder until it is deleted or the server starts again.",
        response: { 202: BackupSchema, ...PROBLEM_RESPONSES },
      },
    },
    async (_request, reply) => {
      if (!backups.start()) throw new Problem("backupRuns", `a backup is being made; look at ${PATH}`);
      reply.code(202);
      return show(find());
    },
  );

  app.get(
    PATH,
    {
      config: { access: "server" },
      schema: { summary: "How far the backup is", response: { 200: BackupSchema, ...PROBLEM_RESPONSES } },
    },
    async () => show(find()),
  );

  app.get(
    `${PATH}/content`,
    {
      config: { access: "server" },
      schema: {
        summary: "The backup as a file: an SQLite database, for `lintel restore`",
        response: {
          200: { description: "the file", content: { [BACKUP_TYPE]: { schema: { type: "string" } } } },
          ...PROBLEM_RESPONSES,
        },
      },
    },
    async (_request, reply) => {
      const { sizeBytes } = find();
      if (sizeBytes === null) throw new Problem("backupRuns", `the backup is not whole; look at ${PATH}`);
      // The response type of the schema is text; a stream goes out as it is.
      return reply
        .type(BACKUP_TYPE)
        .header("content-length", sizeBytes)
        .send(createReadStream(backups.path) as never);
    },
  );

  app.delete(
    PATH,
    {
      config: { access: "server" },
      schema: {
        summary: "Takes the backup away from the data folder",
        response: { 204: Type.Null({ description: "deleted" }), ...PROBLEM_RESPONSES },
      },
    },
    async (_request, reply) => {
      find();
      if (!backups.remove()) throw new Problem("backupRuns", "it is being made; wait for it");
      return reply.code(204).send(null);
    },
  );
}

function show({ startedMs, percent, sizeBytes, error }: Backup) {
  const state = error !== null ? ("failed" as const) : sizeBytes === null ? ("running" as const) : ("done" as const);
  return { state, started: showTime(startedMs), percent, sizeBytes, error };
}
