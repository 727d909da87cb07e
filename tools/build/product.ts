/**
 * What pins a product uses, and what it can be told (`settings`): product.json beside its main.ts. A build finds a pin for
 * each function (pin-plan.ts) and gives the program its number as a constant: barrierA is PIN_BARRIER_A.
 */
import { existsSync, readdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { type Static, Type } from "typebox";
import { NO_PIN, PIN_MAX } from "../../runtime/contract/host-abi.ts";
import { isList, type ProductSettings, type Settings, SettingsSchema } from "../../runtime/product/setting.ts";
import { faultsOf } from "../../runtime/product/settings-codec.ts";
import { PARTS } from "./board-schema.ts";
import { BuildError } from "./build-error.ts";
import { findEntry } from "./find-entry.ts";
import { readJson } from "./json-file.ts";
import { PACKAGE_ROOT } from "./package-root.ts";

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
    anyPins: Type.Optional(
      Type.Boolean({
        description:
          "it is told at run time which pins it uses: it gets those that the board has, as bits, in BOARD_PINS",
      }),
    ),
    settings: Type.Optional(SettingsSchema),
  },
  { ...strict, title: "Product of Lintel" },
);

export type Product = Static<typeof ProductFile>;
export type PinFunction = Static<typeof PinFunction>;
/** GPIO of each function, by its name; NO_PIN where it has none. With `anyPins` also BOARD_PINS. */
export type PinNumbers = ReadonlyMap<string, number>;

/** Constant of a program that can be at any pin, and its place in PinNumbers: no function has such a name. */
export const BOARD_PINS = "BOARD_PINS";
const ALL_PINS = 2 ** (PIN_MAX + 1) - 1;

const FILE = "product.json";

/** Of the program at `path`, as compileProgram takes it; undefined: it declares nothing. */
export function readProduct(path: string): Product | undefined {
  const file = join(dirname(findEntry(path)), FILE);
  return existsSync(file) ? readFile(file) : undefined;
}

/** Of the package: those that can be told something. */
export function readProducts(): Product[] {
  return readAll().filter(({ settings }) => settings !== undefined);
}

function readAll(): Product[] {
  const firmware = join(PACKAGE_ROOT, "firmware");
  return readdirSync(firmware)
    .sort()
    .map((folder) => join(firmware, folder, FILE))
    .filter((file) => existsSync(file))
    .map(readFile);
}

/** Of the package's products, also those without settings, and of those in the folders; of two with one name the later one. */
export function productSettings(folders: readonly string[] = []): ProductSettings[] {
  const more = folders.map((folder) => {
    const product = readProduct(folder);
    if (product === undefined) throw new BuildError(`${folder} has no ${FILE}; name the folder of a product`);
    return product;
  });
  const byName = new Map([...readAll(), ...more].map(({ name, settings = {} }) => [name, { name, settings }]));
  return [...byName.values()];
}

function readFile(file: string): Product {
  const product = readJson(file, ProductFile, "a product file");
  const [fault] = settingFaults(product.settings ?? {});
  if (fault !== undefined) throw new BuildError(`${file}: setting ${fault}`);
  return product;
}

function settingFaults(settings: Settings): string[] {
  const names = Object.keys(settings);
  return Object.entries(settings).flatMap(([name, setting], at) => {
    const { key, type, minimum, maximum, maxItems, none, except, differsFrom, form, default: otherwise } = setting;
    const first = names.find((other) => settings[other]?.key === key);
    if (first !== names[at]) return [`${name} has the key of ${first}: ${key}; give it one that was never used`];
    if (minimum !== undefined && maximum !== undefined && minimum > maximum)
      return [`${name} has a minimum above its maximum`];
    if (isList(type) !== (maxItems !== undefined)) return [`${name}: a list, and nothing else, needs maxItems`];
    if (none !== undefined && type !== "integer") return [`${name}: only an integer can have a value for none`];
    if ((except ?? differsFrom) !== undefined && type !== "integer")
      return [`${name}: only an integer can have except or differsFrom`];
    if (differsFrom !== undefined && !names.includes(differsFrom))
      return [`${name} differs from ${differsFrom}, which is no setting of it`];
    if (form !== undefined && type !== "integers") return [`${name}: only integers can have a form`];
    const [fault] = otherwise === undefined ? [] : faultsOf(settings, { [name]: otherwise });
    return fault === undefined ? [] : [`${name}: its default ${fault.reason}`];
  });
}

/** Name and value; a function that `pins` leaves out is at its default. */
export function pinConstants(product: Product, pins: PinNumbers = new Map()): [string, number][] {
  const constants = Object.entries(product.pins).map(([name, { default: otherwise = NO_PIN }]): [string, number] => [
    `PIN_${name.replace(/[A-Z]/g, "_$&").toUpperCase()}`,
    pins.get(name) ?? otherwise,
  ]);
  if (product.anyPins === true) constants.push([BOARD_PINS, pins.get(BOARD_PINS) ?? ALL_PINS]);
  return constants;
}
