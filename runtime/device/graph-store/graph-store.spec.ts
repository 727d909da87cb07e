/** Sensor graphs from the server: judged, kept in flash, tried, taken back, and answered. */

import { CONFIG_TRIAL_ATTEMPTS, CONFIG_TRIAL_MS } from "../../contract/config-record.ts";
import { FLASH_GRAPH_OFFSET, FLASH_SECTOR_BYTES } from "../../contract/flash-map.ts";
import { GRAPH_MAX_BYTES } from "../../contract/graph-limits.ts";
import { CHANNEL_CONFIG, CHANNEL_GRAPH, CHANNEL_RESULT } from "../../contract/topics.ts";
import { CborReader } from "../cbor/reader.ts";
import { CborWriter } from "../cbor/writer.ts";
import { IncomingChannel, RESTART_AFTER_MS, Taken } from "../session/session-part.ts";
import { hexOf, putHex } from "../testing/hex.ts";
import { putFlash, resetStage, restarts, setFlashWords, takeFlash } from "../testing/stage.ts";
import { GraphCheck, GraphStore } from "./graph-store.ts";

const message = memory.data(1100);
const answer = memory.data(64);
const bytes = memory.data(64);
/** {0: 1, 1: h'a1a2a3a4a5'}, {0: 2, 1: h'b1b2'}, and {0: 3, 1: h''}: no graph. */
const FIRST = "a200010145a1a2a3a4a5";
const SECOND = "a200020142b1b2";
const NONE = "a200030140";
/**
 * Written by Python's struct and zlib: magic, sequence 1, nine bytes, their CRC with sequence and length, nothing tried; version
 * 1 and the five bytes, filled up to a word.
 */
const FIRST_RECORD = "4c47524301000000090000004e8e6bc3ffffffff01000000a1a2a3a4a5ffffff";

class Judge implements GraphCheck {
  refusal: i32 = 0;
  seen: string = "";
  check(pointer: usize, length: u32): i32 {
    this.seen = hexOf(pointer, length);
    return this.refusal;
  }
}

class Channel implements IncomingChannel {
  name: string = CHANNEL_GRAPH;
  isChannel(channel: string): bool {
    return channel == this.name;
  }
}

const channel = new Channel();
const reader = new CborReader();
const writer = new CborWriter();
let judge = new Judge();
let graphs = new GraphStore(judge);

/** A start, up to the server's answer to `hello` where there is a server. */
function start(isServerThere: bool = true): void {
  judge = new Judge();
  graphs = new GraphStore(judge);
  graphs.load();
  graphs.poll(0);
  graphs.connected(0);
  if (isServerThere) graphs.welcomed(0);
}

function take(hex: string): Taken {
  return graphs.take(channel, reader, message, putHex(message, hex), 0);
}

/** The answer that is owed, in hexadecimal. */
function said(): string {
  if (!graphs.owes(0)) return "";
  writer.begin(answer, 64);
  graphs.write(writer, 0);
  return hexOf(answer, writer.length);
}

function tell(hex: string): string {
  expect(take(hex)).toBe(Taken.Taken, hex);
  return said();
}

function inUse(): string {
  return graphs.version.toString() + " " + hexOf(graphs.pointer, graphs.sizeBytes);
}

function copyHex(copy: i32, length: i32): string {
  takeFlash(FLASH_GRAPH_OFFSET + copy * FLASH_SECTOR_BYTES, bytes, length);
  return hexOf(bytes, length);
}

beforeEach(() => {
  resetStage();
  channel.name = CHANNEL_GRAPH;
  start();
});

describe("a graph", () => {
  test("the first one: there was none; accepted, written, in use after a restart, done", () => {
    expect(inUse()).toBe("0 ");
    expect(said()).toBe("");
    expect(tell(FIRST)).toBe("a201060501");
    expect(graphs.channel()).toBe(CHANNEL_RESULT);
    expect(judge.seen).toBe("a1a2a3a4a5");
    expect(graphs.isReplaced).toBe(true);
    expect(graphs.delayMs(0)).toBe(RESTART_AFTER_MS);
    graphs.poll(RESTART_AFTER_MS);
    expect(restarts()).toBe(1);
    expect(copyHex(0, 32) == FIRST_RECORD || copyHex(1, 32) == FIRST_RECORD).toBe(true);
    start(false);
    expect(inUse()).toBe("1 a1a2a3a4a5");
    expect(graphs.onTrial).toBe(true);
    graphs.welcomed(0);
    expect(graphs.onTrial).toBe(false);
    expect(said()).toBe("a201000501");
    start();
    expect(inUse()).toBe("1 a1a2a3a4a5");
    expect(said()).toBe("");
  });

  test("another one after it, and none again", () => {
    tell(FIRST);
    start();
    said();
    expect(tell(SECOND)).toBe("a201060502");
    start();
    expect(inUse()).toBe("2 b1b2");
    expect(said()).toBe("a201000502");
    expect(tell(NONE)).toBe("a201060503");
    start();
    expect(inUse()).toBe("3 ");
  });

  test("that is in use already, or was given up, is answered and not written again", () => {
    tell(FIRST);
    start();
    said();
    expect(tell(FIRST)).toBe("a201000501");
    expect(graphs.isReplaced).toBe(false);
    expect(judge.seen).toBe("");
  });

  test("is not heard while the restart is due, before the server's answer, nor on another channel", () => {
    tell(FIRST);
    expect(tell(SECOND)).toBe("");
    start(false);
    expect(take(SECOND)).toBe(Taken.Malformed);
    channel.name = CHANNEL_CONFIG;
    expect(take(SECOND)).toBe(Taken.NotMine);
  });
});

describe("a graph that the server is not reached with", () => {
  test("is given up after its attempts; the one before counts, and the server hears of it", () => {
    tell(FIRST);
    start();
    said();
    tell(SECOND);
    for (let attempt = 1; attempt <= CONFIG_TRIAL_ATTEMPTS; attempt++) {
      start(false);
      expect(inUse()).toBe("2 b1b2");
    }
    start();
    expect(inUse()).toBe("1 a1a2a3a4a5");
    expect(said()).toBe("a201050502");
    expect(tell(SECOND)).toBe("a201050502");
  });

  test("the first one: then there is none, and the next one can come", () => {
    tell(FIRST);
    for (let attempt = 1; attempt <= CONFIG_TRIAL_ATTEMPTS; attempt++) start(false);
    start();
    expect(inUse()).toBe("0 ");
    expect(said()).toBe("a201050501");
    expect(tell(SECOND)).toBe("a201060502");
    start();
    expect(inUse()).toBe("2 b1b2");
  });

  test("has so long for each attempt", () => {
    tell(FIRST);
    start(false);
    graphs.poll(CONFIG_TRIAL_MS - 1);
    expect(restarts()).toBe(0);
    expect(graphs.delayMs(CONFIG_TRIAL_MS - 1)).toBe(1);
    graphs.poll(CONFIG_TRIAL_MS);
    expect(restarts()).toBe(1);
  });
});

describe("a graph that is refused", () => {
  test("by the product, with its reason; flash is not touched", () => {
    judge.refusal = 10;
    expect(tell(FIRST)).toBe("a30104020a0501");
    expect(copyHex(0, 4) + copyHex(1, 4)).toBe("ffffffffffffffff");
    expect(graphs.isReplaced).toBe(false);
    judge.refusal = 0;
    expect(tell(SECOND)).toBe("a201060502");
  });

  test("for its length", () => {
    // {0: 1, 1: 961 bytes}
    let hex = "a20001015903c1";
    for (let i = 0; i <= GRAPH_MAX_BYTES; i++) hex += "00";
    expect(tell(hex)).toBe("a30104020105" + "01");
    expect(judge.seen).toBe("");
  });

  test("because flash does not take it: the one before stays in memory", () => {
    tell(FIRST);
    start();
    said();
    setFlashWords(0);
    expect(tell(SECOND)).toBe("a30104020d0502");
    expect(inUse()).toBe("1 a1a2a3a4a5");
  });

  test("a message that makes no sense is none", () => {
    const messages = [
      "",
      "a0",
      "a10001",
      "a10141aa",
      "a200000141aa",
      "a20001016161",
      "a200010142aa",
      FIRST + "00",
      "80",
    ];
    for (let i = 0; i < messages.length; i++) {
      expect(take(messages[i])).toBe(Taken.Malformed, messages[i]);
      expect(said()).toBe("");
    }
    // Keys of a newer server are stepped over.
    expect(tell("a300010145a1a2a3a4a50981f6")).toBe("a201060501");
  });
});

test("what is left of a graph that power cut is none", () => {
  const half = putHex(bytes, FIRST_RECORD.substr(0, 40));
  putFlash(FLASH_GRAPH_OFFSET, bytes, half);
  start();
  expect(inUse()).toBe("0 ");
  expect(tell(FIRST)).toBe("a201060501");
});
