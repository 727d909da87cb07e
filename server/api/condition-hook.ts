/**
 * Changes that are to be made only if something is as it was when it was read: `If-Match`, and `If-None-Match` (RFC 9110 13.1). What
 * is there now is what GET at the same address answers the same asker, so this holds for every route without a word in it; a
 * route may name the thing above it instead (`heldAgainst`). Where nothing can be read, the condition cannot be looked at, and nothing
 * is done. Things with a version compare it once more in the transaction that changes them (`expectedVersion`).
 */
import type { FastifyRequest } from "fastify";
import { isUnsafe, sameAsker } from "./asker.ts";
import { changeTurns, type EndTurn } from "./change-turns.ts";
import { editedPart, isKnown } from "./etag-hook.ts";
import { Problem } from "./problem.ts";
import type { ApiApp } from "./typed-app.ts";

declare module "fastify" {
  interface FastifyContextConfig {
    /** The route whose answer a condition is held against; the same address if not given. It is the beginning of the route's own. */
    heldAgainst?: string;
    /** It changes nothing and may last: nobody who changes the thing waits for it. */
    takesNoTurn?: boolean;
  }
  interface FastifyRequest {
    /** That `If-Match` names, and the thing has now. */
    matchedVersion: number | null;
    endTurn: EndTurn | null;
  }
}

/** What can be read at the address. */
interface Present {
  /** Undefined: what is read has none. */
  tag: string | undefined;
  /** It is the first page of several. */
  isPart: boolean;
}

const OK = 200;
const NOT_FOUND = 404;
const ANY = "*";
/** RFC 9110 8.8.3. */
const TAG = /(?:W\/)?"[\x21\x23-\x7e\x80-\xff]*"/g;
const GAP = /^[ \t]*,[ \t,]*$/;
const EDGE = /^[ \t,]*$/;
const NUMBER = /^\d+$/;

export function addConditionHook(app: ApiApp): void {
  const begin = changeTurns();
  app.decorateRequest("matchedVersion", null);
  app.decorateRequest("endTurn", null);

  app.addHook("preHandler", async (request) => {
    if (!isUnsafe(request) || request.routeOptions.url === undefined) return;
    const { "if-match": wanted, "if-none-match": unwanted } = request.headers;
    const isConditional = wanted !== undefined || unwanted !== undefined;
    if (wanted !== undefined) demandTags("If-Match", wanted);
    if (unwanted !== undefined) demandTags("If-None-Match", unwanted);
    if (!request.routeOptions.config.takesNoTurn) request.endTurn = await begin(thingOf(request), isConditional);
    if (!isConditional) return;
    const present = await look(app, request);
    if (wanted !== undefined) request.matchedVersion = demandMatch(wanted, present);
    if (unwanted !== undefined) refuseMatch(unwanted, present);
  });
  const endTurn = async ({ endTurn }: FastifyRequest) => endTurn?.();
  app.addHook("onSend", endTurn);
  // One whose answer could not be made ends here.
  app.addHook("onResponse", endTurn);
}

/** The version that a change asks for; null: it asks for none. */
export function expectedVersion({ matchedVersion }: FastifyRequest): number | null {
  return matchedVersion;
}

/** The address up to its first parameter: what is below changes the same thing. */
function thingOf({ routeOptions: { url = "" }, params }: FastifyRequest): string {
  const [before = "", name] = url.split(/:(\w+)/, 2);
  return name === undefined ? before : `${before}${(params as Record<string, unknown>)[name]}`;
}

/** Null: there is nothing. */
async function look(app: ApiApp, request: FastifyRequest): Promise<Present | null> {
  const { url: own = "", config } = request.routeOptions;
  const route = config.heldAgainst ?? own;
  if (!app.hasRoute({ method: "GET", url: route }))
    throw impossible("nothing can be read at this address, so it has no ETag");
  const path = request.url.split("?", 1)[0]?.split("/") ?? [];
  const url = route === own ? request.url : path.slice(0, route.split("/").length).join("/");
  const read = await app.inject({ method: "GET", url, headers: sameAsker(request), remoteAddress: request.ip });
  if (read.statusCode === OK) {
    const { etag } = read.headers;
    return typeof etag === "string" ? { tag: etag, isPart: isPart(read.body) } : { tag: undefined, isPart: false };
  }
  const { code, detail } = read.json() as Problem & { detail: string };
  // What is not there may be made by a PUT, and by nothing else.
  if (read.statusCode === NOT_FOUND && request.method === "PUT") return null;
  throw new Problem(code, detail);
}

/** Half of a tag, or one without its quotes, is none (RFC 9110 13.1.1). */
function demandTags(name: string, header: string): void {
  if (header.trim() === ANY) return;
  const around = header.split(TAG);
  const isList = around.length > 1 && around.every((text, at) => isBetween(text, at === 0 || at === around.length - 1));
  if (isList) return;
  throw new Problem("badRequest", `\`${name}\` takes ETags as they came, in their quotes, with commas between; or *`);
}

function isBetween(text: string, isAtEdge: boolean): boolean {
  return (isAtEdge ? EDGE : GAP).test(text);
}

/** The version of what matched, if it has one. */
function demandMatch(header: string, present: Present | null): number | null {
  if (present === null) throw new Problem("preconditionFailed", "nothing is there yet; leave If-Match out to make it");
  if (header.trim() === ANY) return null;
  const { tag, isPart: isOnlyPart } = present;
  if (tag === undefined) throw impossible("what is read at this address has no ETag: it is too long, or shown once");
  if (isOnlyPart) throw impossible("the list has more than one page, and an ETag stands for one page");
  const edited = editedPart(tag);
  if (!header.match(TAG)?.some((one) => editedPart(one) === edited))
    throw new Problem("preconditionFailed", "read it again, and send the ETag that comes with it");
  return NUMBER.test(edited) ? Number(edited) : null;
}

function refuseMatch(header: string, present: Present | null): void {
  if (present === null) return;
  if (header.trim() === ANY || (present.tag !== undefined && isKnown(header, present.tag)))
    throw new Problem("preconditionFailed", "it is there already, as If-None-Match says it should not be");
}

function impossible(why: string): Problem {
  return new Problem("conditionImpossible", `${why}; nothing was done. Leave If-Match and If-None-Match out`);
}

function isPart(body: string): boolean {
  if (!body.startsWith("{")) return false;
  const { next } = JSON.parse(body) as { next?: unknown };
  return typeof next === "string";
}
