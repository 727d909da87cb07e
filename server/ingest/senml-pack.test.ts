import { describe, expect, test } from "vitest";
import { PACK_MAX_READINGS } from "../../runtime/contract/limits.ts";
import { encodeCbor } from "./cbor-codec.ts";
import { CLOCK_ARRIVAL, CLOCK_DEVICE, CLOCK_ESTIMATED, decodePack, type Pack } from "./senml-pack.ts";

const NOW_MS = 1_700_000_000_000;
type Entries = Array<[unknown, unknown]>;
const base: Entries = [
  ["ep", 5],
  ["sq", 10],
  ["ol", 9],
];
const reading: Entries = [
  [0, "5001"],
  [2, 1],
  [6, 0],
];
const pack = (...records: Entries[]) => decodePack(encodeCbor(records.map((entries) => new Map(entries))), NOW_MS);
const records = (...list: Entries[]) => (pack([...base, ...reading], ...list) as Pack).records.slice(1);

describe("a pack that is malformed as a whole", () => {
  test.each<[string, unknown, string]>([
    ["not an array", new Map(), "notAPack"],
    ["a first record that is no map", [1], "notAPack"],
    ["empty", [], "packSize"],
    ["too many readings", Array(PACK_MAX_READINGS + 1).fill(new Map([...base, ...reading] as never)), "packSize"],
  ])("%s", (_what, value, reason) => {
    expect(decodePack(encodeCbor(value), NOW_MS)).toBe(reason);
  });

  test.each<[string, Entries, string]>([
    ["no epoch", [["sq", 1]], "epoch"],
    [
      "an epoch of 33 bits",
      [
        ["ep", 2 ** 32],
        ["sq", 1],
      ],
      "epoch",
    ],
    ["no sequence", [["ep", 1]], "sequence"],
    [
      "sequence 0",
      [
        ["ep", 1],
        ["sq", 0],
      ],
      "sequence",
    ],
    [
      "a sequence of text",
      [
        ["ep", 1],
        ["sq", "1"],
      ],
      "sequence",
    ],
    [
      "oldest above the first",
      [
        ["ep", 1],
        ["sq", 4],
        ["ol", 5],
      ],
      "oldest",
    ],
    [
      "a negative oldest",
      [
        ["ep", 1],
        ["sq", 4],
        ["ol", -1],
      ],
      "oldest",
    ],
  ])("%s", (_what, entries, reason) => {
    expect(pack([...entries, ...reading])).toBe(reason);
  });

  test.each<[string, [string, unknown], string]>([
    ["a time error of text", ["te", "30"], "timeError"],
    ["a negative time error", ["te", -1], "timeError"],
    ["a fraction of a second", ["te", 0.5], "timeError"],
    ["a time error of 33 bits", ["te", 2 ** 32], "timeError"],
    ["estimated times that are a number", ["ts", 1], "timeEstimated"],
  ])("%s", (_what, entry, reason) => {
    expect(pack([...base, entry, ...reading])).toBe(reason);
  });

  test("sequence numbers that run over the end of 32 bits", () => {
    const at = (sq: number) => pack([["ep", 1], ["sq", sq], ...reading], reading);
    expect(at(0xfffffffe)).toMatchObject({ firstSequence: 0xfffffffe });
    expect(at(0xffffffff)).toBe("sequence");
  });

  test("trailing bytes and cut ones", () => {
    const good = Buffer.from(encodeCbor([new Map([...base, ...reading] as never)]));
    expect(decodePack(Buffer.concat([good, Buffer.from([0])]), NOW_MS)).toBe("notCbor");
    expect(decodePack(good.subarray(0, -1), NOW_MS)).toBe("notCbor");
    expect(decodePack(new Uint8Array(0), NOW_MS)).toBe("notCbor");
  });
});

describe("records that cannot be stored", () => {
  test.each<[string, Entries, string]>([
    ["no value", [[0, "5001"]], "value"],
    [
      "a text value",
      [
        [0, "5001"],
        [3, "on"],
      ],
      "value",
    ],
    [
      "a boolean value",
      [
        [0, "5001"],
        [4, true],
      ],
      "value",
    ],
    [
      "a value that is text",
      [
        [0, "5001"],
        [2, "1"],
      ],
      "value",
    ],
    [
      "NaN",
      [
        [0, "5001"],
        [2, Number.NaN],
      ],
      "value",
    ],
    [
      "infinity",
      [
        [0, "5001"],
        [2, Number.POSITIVE_INFINITY],
      ],
      "value",
    ],
    [
      "an integer of 64 bits",
      [
        [0, "5001"],
        [2, 2n ** 60n],
      ],
      "value",
    ],
    ["no name", [[2, 1]], "name"],
    [
      "a capital digit",
      [
        [0, "500A"],
        [2, 1],
      ],
      "name",
    ],
    [
      "five digits",
      [
        [0, "05001"],
        [2, 1],
      ],
      "name",
    ],
    [
      "a time of text",
      [
        [0, "5001"],
        [2, 1],
        [6, "now"],
      ],
      "time",
    ],
    [
      "a time before 1970",
      [
        [0, "5001"],
        [2, 1],
        [6, -1e10],
      ],
      "time",
    ],
    [
      "a time after year 9999",
      [
        [0, "5001"],
        [2, 1],
        [6, 1e12],
      ],
      "time",
    ],
    [
      "a time that is NaN",
      [
        [0, "5001"],
        [2, 1],
        [6, Number.NaN],
      ],
      "time",
    ],
    ["a later version", [[-1, 11], ...reading], "version"],
    ["a label that must be understood", [["new_", 1], ...reading], "mustUnderstand"],
  ])("%s", (_what, entries, reason) => {
    expect(records(entries)).toMatchObject([{ stored: false, reason }]);
  });

  test("a record that is no map keeps its place in the sequence", () => {
    const mixed = encodeCbor([new Map([...base, ...reading] as never), 17, new Map(reading as never)]);
    const { records: list } = decodePack(mixed, NOW_MS) as Pack;
    expect(list.map((record) => record.stored)).toEqual([true, false, true]);
    expect(list[1]).toEqual({ stored: false, reason: "notAMap", record: Buffer.from([17]) });
  });
});

describe("resolution (RFC 8428 section 4.6)", () => {
  test("base name, time and value apply from where they stand", () => {
    const list = records(
      [
        [-2, "50"],
        [-3, 1_600_000_000],
        [-5, 100],
        [0, "02"],
        [2, 1],
      ],
      [
        [0, "03"],
        [2, 2],
        [6, 5],
      ],
    );
    expect(list).toMatchObject([
      { stream: 0x5002, value: 101, timeMs: 1_600_000_000_000, clock: 0 },
      { stream: 0x5003, value: 102, timeMs: 1_600_000_005_000, clock: 0 },
    ]);
  });

  test("the border between relative and absolute is 2^28 seconds", () => {
    const at = (time: number) =>
      records([
        [0, "5001"],
        [2, 1],
        [6, time],
      ])[0];
    expect(at(268435455)).toMatchObject({ clock: 1, timeMs: NOW_MS + 268435455_000 });
    expect(at(268435456)).toMatchObject({ clock: 0, timeMs: 268435456_000 });
  });

  test("fractions of a second are kept to the millisecond", () => {
    expect(
      records([
        [0, "5001"],
        [2, 0.5],
        [6, -0.0625],
      ]),
    ).toMatchObject([{ timeMs: NOW_MS - 62, value: 0.5 }]);
  });

  test("units and unknown labels do not matter", () => {
    expect(records([[1, "Cel"], [-4, "K"], [42, []], ["x", 1], ...reading])).toMatchObject([
      { stored: true, value: 1 },
    ]);
  });
});

describe("how sure the times are", () => {
  const clocks = (...entries: Entries) => {
    const decoded = pack([...base, ...entries, ...reading], reading) as Pack;
    return [decoded.timeErrorS, ...decoded.records.map((record) => record.stored && record.clock)];
  };

  test("is not known unless the device says so, and holds for the whole pack", () => {
    expect(clocks()).toEqual([null, CLOCK_ARRIVAL, CLOCK_ARRIVAL]);
    expect(clocks(["te", 0])).toEqual([0, CLOCK_ARRIVAL, CLOCK_ARRIVAL]);
    expect(clocks([-3, 1_700_000_000], ["te", 2])).toEqual([2, CLOCK_DEVICE, CLOCK_DEVICE]);
    expect(clocks([-3, 1_700_000_000], ["ts", false])).toEqual([null, CLOCK_DEVICE, CLOCK_DEVICE]);
    expect(clocks([-3, 1_700_000_000], ["ts", true], ["te", 900])).toEqual([900, CLOCK_ESTIMATED, CLOCK_ESTIMATED]);
  });
});
