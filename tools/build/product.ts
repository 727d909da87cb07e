/**
 * What pins a product uses: product.json beside its main.ts. A build finds a pin for each function (pin-plan.ts) and gives
 * the program its number as a constant: barrierA is PIN_BARRIER_A.
 */
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { type Static, Type } from "typebox";
import { NO_PIN, PIN_MAX } from "../../runtime/contract/host-abi.ts";
import { PARTS } from "./board-schema.ts";
import { findEntry } from "./find-entry.ts";
import { readJson } from "./json-file.ts";

const strict = { additionalProperties: false };

const PinFunction = Type.Object(
  {
    title: Type.String({ minLength: 1, description: "as a person calls it: barrier A" }),
    mode: Type.Enum(["input", "input-pullup", "output"]),
    watched: Type.Optional(Type.Boolean({ description: "the program counts its edges with pin_watch" })),
    part: Type.Optional(
      Type.Enum([...PARTS], { description: "what is wired to it; a pin where the board has that already will do" }),
    ),
    atStart: Type.Optional(
      Type.Enum(["low", "high", "any"], {
        description:
          "level at which what is wired to it may hold the pin while the board starts; absent: nothing holds it",
      }),
    ),
    optional: Type.Optional(Type.Boolean({ description: "the program does without; its constant is then NO_PIN" })),
    default: Type.Optional(
      Type.Integer({ minimum: 0, maximum: PIN_MAX, description: "GPIO, where neither the board nor --pin names one" }),
    ),
  },
  strict,
);

export const ProductFile = Type.Object(
  {
    $schema: Type.Optional(Type.String()),
    name: Type.String({ pattern: "^[a-z][a-z0-9-]*$", description: "by which boards name their defaults" }),
    pins: Type.Record(Type.String({ pattern: "^[a-z][A-Za-z0-9]*$" }), PinFunction, strict),
  },
  { ...strict, title: "Product of Lintel" },
);

export type Product = Static<typeof ProductFile>;
export type PinFunction = Static<typeof PinFunction>;
/** GPIO of each function, by its name; NO_PIN where it has none. */
export type PinNumbers = ReadonlyMap<string, number>;

const FILE = "product.json";

/** Of the program at `path`, as compileProgram takes it; undefined: it declares nothing. */
export function readProduct(path: string): Product | undefined {
  const file = join(dirname(findEntry(path)), FILE);
  return existsSync(file) ? readJson(file, ProductFile, "a product file") : undefined;
}

/** Name and value; a function that `pins` leaves out is at its default. */
export function pinConstants(product: Product, pins: PinNumbers = new Map()): [string, number][] {
  return Object.entries(product.pins).map(([name, { default: otherwise = NO_PIN }]) => [
    `PIN_${name.replace(/[A-Z]/g, "_$&").toUpperCase()}`,
    pins.get(name) ?? otherwise,
  ]);
}
