/**
 * What a data folder needs before anybody can come in: the token of whoever may read the folder, in a file of it. And, in a new
 * one, which boards its first project takes.
 */
import { chmodSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { StartError } from "../errors.ts";
import type { PeopleReader } from "../store/people-reader.ts";
import type { StoreAnswer, StoreRequest } from "../updates/store-requests.ts";
import { REGISTRATION_NAMES, type RegistrationName } from "./registration.ts";
import { digestOf, makeSecret } from "./secrets.ts";

export const OPERATOR_TOKEN_FILE = "operator-token";
/** Made by the first migration that knows projects. */
const FIRST_PROJECT = 1;
const OWNER_ONLY = 0o600;

export interface BeginOptions {
  people: Pick<PeopleReader, "hasOperatorToken" | "isNew">;
  request: (request: StoreRequest) => Promise<StoreAnswer>;
  registration?: RegistrationName;
  nowMs: () => number;
}

export async function beginFolder(path: string, { people, request, registration, nowMs }: BeginOptions): Promise<void> {
  const file = join(path, OPERATOR_TOKEN_FILE);
  if (people.isNew()) {
    const kind = registration && REGISTRATION_NAMES.indexOf(registration);
    await done(file, request({ kind: "beginProject", project: FIRST_PROJECT, registration: kind, atMs: nowMs() }));
  }
  if (people.hasOperatorToken(digestOf(readToken(file)))) return;
  const token = makeSecret("token");
  // In the file first: a start that ends between the two makes another one.
  writeToken(file, token);
  await done(file, request({ kind: "setOperatorToken", digest: digestOf(token), atMs: nowMs() }));
}

/** Empty when there is none. */
function readToken(file: string): string {
  try {
    return readFileSync(file, "utf8").trim();
  } catch {
    return "";
  }
}

function writeToken(file: string, token: string): void {
  try {
    writeFileSync(file, `${token}\n`, { mode: OWNER_ONLY });
    // The mode above is that of a new file only.
    chmodSync(file, OWNER_ONLY);
  } catch (error) {
    throw new StartError("E_DATA_NOT_WRITABLE", file, error);
  }
}

async function done(file: string, answer: Promise<StoreAnswer>): Promise<void> {
  const { outcome, error } = await answer;
  if (outcome !== "done") throw new StartError("E_DATA_NOT_WRITABLE", file, error ?? outcome);
}
