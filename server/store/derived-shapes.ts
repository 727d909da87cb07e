/** Derived streams as the API takes them and as they are kept. */
import type { TSchema } from "typebox";
import * as Type from "typebox/type";
import { ALIAS_SECTIONS_MAX } from "../limits.ts";
import { MacText, OrNull, StreamId, strict } from "../shapes.ts";
import type { AliasPart } from "./derived-definition.ts";

const Unit = Type.String({ maxLength: 20, description: "for people" });
/** The last instant that `Date` knows (ECMA-262 21.4.1.1), ms. */
const Time = OrNull(Type.Integer({ minimum: -8.64e15, maximum: 8.64e15 }));

/** Each part as it is written there. */
export const derivedOf = <D extends TSchema, U extends TSchema, O extends TSchema, T extends Record<string, TSchema>>(
  device: D,
  unit: (schema: typeof Unit) => U,
  offset: (schema: ReturnType<typeof Type.Number>) => O,
  times: T,
) => {
  const source = Type.Object({ device, stream: StreamId }, strict);
  return Type.Union([
    Type.Object(
      {
        kind: Type.Literal("linear"),
        source,
        factor: Type.Number(),
        offset: offset(Type.Number({ description: "0 if not given; value = factor × source + offset" })),
        unit: unit(Unit),
      },
      strict,
    ),
    Type.Object(
      { kind: Type.Literal("difference"), source, unit: unit(Unit) },
      { ...strict, description: "of a counter, since the reading before; one that went back began again at zero" },
    ),
    Type.Object(
      {
        kind: Type.Literal("alias"),
        sections: Type.Array(Type.Object({ device, stream: StreamId, ...times }, strict), {
          minItems: 1,
          maxItems: ALIAS_SECTIONS_MAX,
          description: "in time, without overlap",
        }),
        unit: unit(Unit),
      },
      strict,
    ),
  ]);
};

export const KeptDerived = derivedOf(
  MacText,
  (unit) => OrNull(unit),
  (offset) => offset,
  { fromMs: Time, toMs: Time },
);

/** Are they in the order of time, without overlap? */
export function areInOrder(sections: readonly AliasPart[]): boolean {
  let endMs: number | null = Number.NEGATIVE_INFINITY;
  for (const { fromMs, toMs } of sections) {
    const startMs = fromMs ?? 0;
    if (endMs === null || startMs < endMs || (toMs !== null && toMs <= startMs)) return false;
    endMs = toMs;
  }
  return true;
}
