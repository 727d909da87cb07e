/** Product settings against a table like those that are generated: what is taken, and which setting is refused. */
import { ConfigKey } from "../../contract/config-record.ts";
import { CborReader } from "../cbor/reader.ts";
import { CONFIRMED, copyHex, putCopy, recordOf } from "../testing/config-copies.ts";
import { putHex } from "../testing/hex.ts";
import { resetStage } from "../testing/stage.ts";
import { Config } from "./config.ts";
import { ConfigWriter } from "./config-writer.ts";
import { SettingTable } from "./setting-table.ts";

const TABLE = memory.data<i32>([
  0x100,
  0,
  16,
  255, // 0: an integer, or 255
  0x001,
  0,
  1,
  0, // 1: a boolean
  0x202,
  1,
  4,
  1, // 2: a text
  0x303,
  3,
  3,
  3, // 3: three bytes
  0x30404,
  -100,
  -1,
  -100, // 4: at most three integers
  0x20505,
  0,
  2,
  0, // 5: at most two texts
]);
const ROWS: u32 = 6;

const bytes = memory.data(64);
const table = new SettingTable();
const reader = new CborReader();

let config = new Config();
let writer = new ConfigWriter(config);

function write(valuesHex: string): bool {
  return writer.write(5, bytes, putHex(bytes, valuesHex));
}

function takes(key: i32, hex: string): bool {
  reader.begin(bytes, putHex(bytes, hex));
  return table.takes(key, reader) && reader.finished;
}

beforeAll(() => {
  table.words = TABLE;
  table.count = ROWS;
});

describe("a value that the table allows", () => {
  test("is taken at its bounds, and as none", () => {
    expect(takes(0, "00")).toBe(true);
    expect(takes(0, "10")).toBe(true);
    expect(takes(0, "18ff")).toBe(true);
    expect(takes(1, "f4")).toBe(true);
    expect(takes(1, "f5")).toBe(true);
    expect(takes(2, "6161")).toBe(true);
    expect(takes(2, "6461616161")).toBe(true);
    expect(takes(3, "43010203")).toBe(true);
  });

  test("may be a list, also an empty one", () => {
    expect(takes(4, "80")).toBe(true);
    expect(takes(4, "8320386338" + "00")).toBe(true);
    expect(takes(5, "826061" + "61")).toBe(true);
  });
});

describe("a value that it does not", () => {
  test("is too small, too large, or of another kind", () => {
    expect(takes(0, "11")).toBe(false);
    expect(takes(0, "20")).toBe(false);
    expect(takes(0, "18fe")).toBe(false);
    expect(takes(0, "f5")).toBe(false);
    expect(takes(0, "1affffffff")).toBe(false);
    expect(takes(0, "1b0000000100000000")).toBe(false);
    expect(takes(1, "01")).toBe(false);
    expect(takes(1, "f6")).toBe(false);
    expect(takes(2, "60")).toBe(false);
    expect(takes(2, "656161616161")).toBe(false);
    expect(takes(2, "4161")).toBe(false);
    expect(takes(3, "420102")).toBe(false);
    expect(takes(3, "63616161")).toBe(false);
  });

  test("is a list too long, with an item that is wrong, or none at all", () => {
    expect(takes(4, "8420202020")).toBe(false);
    expect(takes(4, "822000")).toBe(false);
    expect(takes(4, "20")).toBe(false);
    expect(takes(4, "9bffffffffffffffff")).toBe(false);
    expect(takes(5, "8163616161")).toBe(false);
    expect(takes(5, "8101")).toBe(false);
  });

  test("is cut off", () => {
    expect(takes(2, "6461")).toBe(false);
    expect(takes(4, "8320")).toBe(false);
    expect(takes(0, "")).toBe(false);
  });

  test("has a key that nobody knows", () => {
    expect(takes(6, "00")).toBe(false);
    expect(takes(-1, "00")).toBe(false);
    expect(takes(256, "00")).toBe(false);
  });
});

describe("a configuration with settings", () => {
  beforeEach(() => {
    resetStage();
    putCopy(1, recordOf(7, CONFIRMED, "a10269612e6578616d706c65"));
    config = new Config();
    config.load();
    writer = new ConfigWriter(config);
    writer.settings.words = TABLE;
    writer.settings.count = ROWS;
  });

  test("that fit is written", () => {
    expect(write("a105a2000c01f5")).toBe(true);
    config.load();
    expect(config.setting(0, 0, 16, 99)).toBe(12);
    expect(config.switch(1, false)).toBe(true);
  });

  test("of which one does not fit is refused, says which, and leaves flash as it was", () => {
    expect(write("a105a2000c0105")).toBe(false);
    expect(writer.reason).toBe(ConfigKey.Product);
    expect(writer.setting).toBe(1);
    expect(write("a105a21863010105")).toBe(false);
    expect(writer.setting).toBe(99);
    expect(copyHex(0, 4)).toBe("ffffffff");
    expect(config.setting(0, 0, 16, 99)).toBe(99);
  });

  test("that is refused for something else names no setting", () => {
    expect(write("a205a1000c0300")).toBe(false);
    expect(writer.reason).toBe(ConfigKey.ServerPort);
    expect(writer.setting).toBe(-1);
    expect(write("a10507")).toBe(false);
    expect(writer.reason).toBe(ConfigKey.Product);
    expect(writer.setting).toBe(-1);
  });
});
