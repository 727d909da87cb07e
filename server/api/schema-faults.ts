/**
 * What does not fit the schema of a route, in words for whoever wrote it: where it is, and what is taken there. The schema says what
 * (`description`), so that a pattern is not shown to people who type MAC addresses and tags.
 */
import type { FastifySchemaValidationError } from "fastify";

/** Ajv says which schema it was, when asked to (`verbose`). */
interface Fault extends FastifySchemaValidationError {
  parentSchema?: { description?: string; properties?: Record<string, unknown> };
}

const FAULTS_TOLD_MAX = 5;
const ALTERNATIVES = new Set(["anyOf", "oneOf"]);
const ARTICLES = { integer: "an", object: "an", array: "an" } as Record<string, string>;

/** `where` is what of the request: body, params, querystring, headers. */
export function faultsOfSchema(faults: readonly Fault[], where: string): Error {
  // What is said of alternatives is that none fits; each of them has said why before.
  const told =
    faults.length > 1 ? faults.filter((fault) => !ALTERNATIVES.has(fault.keyword) && !isNullWanted(fault)) : faults;
  const texts = new Set<string>();
  for (const [place, words] of wordsAt(told)) texts.add(`${nameOf(where, place)} ${words}`);
  return new Error([...texts].slice(0, FAULTS_TOLD_MAX).join("; "));
}

/** One sentence a place and kind of fault: the words that alternatives take there are told together. */
function wordsAt(faults: readonly Fault[]): Array<[place: string, words: string]> {
  const said: Array<[string, string]> = [];
  const allowed = new Map<string, Set<string>>();
  for (const fault of faults) {
    const words = allowedIn(fault);
    if (words === undefined) {
      said.push([fault.instancePath, wordsOf(fault)]);
      continue;
    }
    const all = allowed.get(fault.instancePath) ?? new Set();
    for (const word of words) all.add(String(word));
    allowed.set(fault.instancePath, all);
  }
  for (const [place, words] of allowed) said.unshift([place, `is none of these: ${[...words].join(", ")}`]);
  return said;
}

/** That it could be null as well is no help to who wrote something. */
function isNullWanted({ keyword, params }: Fault): boolean {
  return keyword === "type" && params["type"] === "null";
}

function allowedIn({ keyword, params }: Fault): readonly unknown[] | undefined {
  if (keyword === "enum") return params["allowedValues"] as unknown[];
  return keyword === "const" ? [params["allowedValue"]] : undefined;
}

function wordsOf({ keyword, params, message = "does not fit", parentSchema }: Fault): string {
  switch (keyword) {
    case "pattern":
      return parentSchema?.description === undefined ? message : `has to be: ${parentSchema.description}`;
    case "required":
      return `lacks ${params["missingProperty"]}`;
    case "additionalProperties": {
      const known = Object.keys(parentSchema?.properties ?? {}).join(", ");
      return `has ${params["additionalProperty"]}, which means nothing here${known === "" ? "" : `; there are ${known}`}`;
    }
    case "type": {
      const type = String(params["type"]);
      return `has to be ${ARTICLES[type] ?? "a"} ${type}`;
    }
    default:
      return message;
  }
}

function nameOf(where: string, place: string): string {
  const path = place.split("/").slice(1).join(".");
  if (path === "") return where === "querystring" ? "the query" : `the ${where}`;
  return where === "body" ? `body.${path}` : path;
}
