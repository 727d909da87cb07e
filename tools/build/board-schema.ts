/** What a board file says (boards/*.json). boards/board.schema.json is generated from it, so that editors complete. */
import { type Static, Type } from "typebox";
import { PIN_MAX } from "../../runtime/contract/host-abi.ts";

const strict = { additionalProperties: false };
/** A word of the image header. */
export const BOARD_ID_MAX = 0xffffffff;

/** What can be wired to a pin. A function of a product may have a pin with something wired to it if that is its part. */
export const PARTS = ["barrier", "button", "buzzer", "led", "relay"] as const;

const Wired = Type.Object(
  {
    part: Type.Enum([...PARTS]),
    title: Type.String({ minLength: 1, description: "as a person calls it: button FLASH" }),
    activeLow: Type.Optional(Type.Boolean({ description: "it is on, or pressed, while the pin is low" })),
  },
  { ...strict, description: "what the board has at this pin" },
);

const Pin = Type.Object(
  {
    gpio: Type.Integer({ minimum: 0, maximum: PIN_MAX }),
    label: Type.String({ pattern: "^[A-Za-z0-9+_-]+$", description: "as printed on the board: D5" }),
    pull: Type.Optional(Type.Enum(["up", "down"], { description: "a resistor on the board" })),
    wired: Type.Optional(Wired),
  },
  strict,
);

const Flash = Type.Object(
  {
    sizeMiB: Type.Integer({ minimum: 1, maximum: 16, description: "a smaller flash has no room for Lintel" }),
    mode: Type.Enum(["qio", "qout", "dio", "dout"]),
    frequencyMHz: Type.Union([Type.Literal(20), Type.Literal(26), Type.Literal(40), Type.Literal(80)]),
    chips: Type.Optional(
      Type.Array(
        Type.Object(
          {
            manufacturer: Type.String({ pattern: "^[0-9a-f]{2}$" }),
            device: Type.String({
              pattern: "^[0-9a-f]{4}$",
              description: "ends with the capacity, 2 to that power bytes",
            }),
          },
          strict,
        ),
        { description: "usual ones, by JEDEC id in hexadecimal, as serial flashing shows it" },
      ),
    ),
  },
  strict,
);

const Adc = Type.Object(
  {
    label: Type.String({ minLength: 1, description: "as printed on the board: A0" }),
    maxVolts: Type.Number({ exclusiveMinimum: 0, description: "at the board's pin, where adc_read gives 1023" }),
    wired: Type.Optional(Type.String({ minLength: 1, description: "what the board has there" })),
  },
  strict,
);

const bytes = (description: string) => Type.Optional(Type.Integer({ minimum: 1, description }));

const Budgets = Type.Object(
  {
    imageBytes: bytes("native image, without the header"),
    ramBytes: bytes("static data, globals, and what is allocated at the start"),
    stackBytes: bytes("worst case; absent: programs with recursion are allowed"),
  },
  { ...strict, description: "a program that exceeds one is not written; absent: those of generic" },
);

const Defaults = Type.Record(
  Type.String({ pattern: "^[a-z][a-z0-9-]*$" }),
  Type.Record(Type.String({ pattern: "^[a-z][A-Za-z0-9]*$" }), Type.String({ minLength: 1 }), strict),
  { ...strict, description: "by product: which pin its functions have here; a label, or GPIO and number" },
);

export const BoardFile = Type.Object(
  {
    $schema: Type.Optional(Type.String()),
    name: Type.String({ minLength: 1, description: "of the file, without its ending" }),
    title: Type.Optional(Type.String({ minLength: 1 })),
    description: Type.Optional(Type.String()),
    id: Type.Optional(
      Type.Integer({
        minimum: 0,
        maximum: BOARD_ID_MAX,
        description:
          "what board_id tells, and images are signed for; never reused. 0: generic; 1 to 999: boards of Lintel",
      }),
    ),
    flash: Type.Optional(Flash),
    adc: Type.Optional(Type.Union([Adc, Type.Null({ description: "not led out" })])),
    pins: Type.Optional(
      Type.Array(Pin, { minItems: 1, description: "those that can be reached; absent: all that the flash leaves" }),
    ),
    budgets: Type.Optional(Budgets),
    defaults: Type.Optional(Defaults),
  },
  { ...strict, title: "Board of Lintel" },
);

export type BoardFile = Static<typeof BoardFile>;
export type BoardPin = Static<typeof Pin>;

/** A file with all that it may leave out. */
export type Board = Required<Omit<BoardFile, "$schema" | "flash">> & {
  flash: Required<NonNullable<BoardFile["flash"]>>;
};
