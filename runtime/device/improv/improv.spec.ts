import { NetStatus, ResetReason } from "../../contract/host-abi.ts";
import { POLL_MAX_MS, SCAN_FOUND_MAX } from "../../contract/limits.ts";
import { Config } from "../config/config.ts";
import { CONFIRMED, copyHex, NEW, putCopy, recordOf } from "../testing/config-copies.ts";
import { hexOf, putHex } from "../testing/hex.ts";
import { putBoard } from "../testing/images.ts";
import {
  ASK_INFO,
  ASK_NAME,
  ASK_NETWORKS,
  ASK_STATE,
  AUTHORIZED,
  INVALID_PACKET,
  linesOf,
  NETWORKS_END,
  NO_ERROR,
  PROVISIONED,
  PROVISIONING,
  packetOf,
  packetsSent,
  receiveHex,
  SETTINGS_DONE,
  SHOP_WRONG,
  STATE_URLS,
  UNABLE_TO_CONNECT,
  UNKNOWN_COMMAND,
  UNKNOWN_ERROR,
} from "../testing/improv-frames.ts";
import {
  isCut,
  putFound,
  resetStage,
  restarts,
  scans,
  setClockMs,
  setFlashWords,
  setNetStatus,
  setResetReason,
  setScanning,
  setSerialRoom,
  takeJoined,
} from "../testing/stage.ts";
import { Factory } from "../update/factory.ts";
import { ImprovCommand, PacketType } from "./format.ts";
import { FIRST_SILENCE_MAX_MS, GAP_MAX_MS, Improv, SILENCE_MAX_MS } from "./improv.ts";
import { ImprovNote, leaveNote } from "./note.ts";
import { JOIN_MAX_MS } from "./wifi-settings.ts";

const buffer = memory.data(512);

/** {0: "shop", 1: "pass", 2: "a.example", 3: 1883, 4: "s3cret", 5: {0: 12}}, and the same with empty Wi-Fi settings. */
const IN_USE = "a6006473686f700164706173730269612e6578616d706c650319075b046673336372657405a1000c";
const NO_WIFI = "a6006001600269612e6578616d706c650319075b046673336372657405a1000c";
/** By Python's struct and zlib: sequence 8, confirmed, either of these with network `shop`, passphrase `wrong`. */
const CHANGED =
  "4c4346470800000029000000bb59e6bbfeffffff" +
  "a60269612e6578616d706c650319075b046673336372657405a1000c006473686f70016577726f6e67";
/** Sequence 1, confirmed, {0: "shop", 1: "wrong"}. */
const FIRST = "4c434647010000000e0000008093d2b7feffffff" + "a2006473686f70016577726f6e67";
/** Lintel, 1.2.3, ESP8266, counter-000000. */
const INFO = "494d50524f560104260324064c696e74656c05312e322e3307455350383236360e636f756e7465722d303030303030b4";

let improv = new Improv(new Config(), new Factory(), "1.2.3");

/** A start; true when the board stays in provisioning. */
function start(): bool {
  improv = new Improv(new Config(), new Factory(), "1.2.3");
  return improv.begin();
}

/** A program has asked for this, then `restart`. */
function startAsked(command: u32): bool {
  leaveNote(buffer, command);
  setResetReason(ResetReason.Software);
  return start();
}

/** What the board answers. */
function answer(hex: string): string {
  receiveHex(hex);
  improv.poll();
  return packetsSent();
}

function putConfig(mapHex: string): void {
  putCopy(1, recordOf(7, CONFIRMED, mapHex));
}

function rpc(dataHex: string): string {
  return packetOf(PacketType.Rpc, dataHex);
}

function repeated(hex: string, count: i32): string {
  let text = "";
  for (let i = 0; i < count; i++) text += hex;
  return text;
}

function joined(): string {
  return hexOf(buffer, takeJoined(buffer));
}

/** A network that the scan finds. */
function find(minusDbm: u32, flags: u32, nameHex: string): void {
  store<u8>(buffer, minusDbm);
  store<u8>(buffer, flags, 1);
  putFound(buffer, 2 + putHex(buffer + 2, nameHex));
}

/** When it goes back, if nothing more comes. */
function silenceFrom(nowMs: u32): u32 {
  let delayMs = improv.poll();
  for (let turn = 0; turn < 100 && restarts() == 0; turn++) {
    nowMs += delayMs;
    setClockMs(nowMs);
    delayMs = improv.poll();
  }
  return nowMs;
}

beforeEach(() => {
  resetStage();
  putBoard();
});

describe("a start", () => {
  test("without a configuration, or one that names no network: it stays, and says so", () => {
    expect(start()).toBe(true);
    expect(packetsSent()).toBe(linesOf(AUTHORIZED));
    putConfig(NO_WIFI);
    expect(start()).toBe(true);
    expect(packetsSent()).toBe(linesOf(AUTHORIZED));
    expect(improv.poll()).toBe(POLL_MAX_MS);
  });

  test("with a network: on with the program, and not a byte", () => {
    putConfig(IN_USE);
    expect(start()).toBe(false);
    expect(packetsSent()).toBe("");
  });

  test("of two copies the one that would be used decides, and a look costs no attempt", () => {
    putCopy(0, recordOf(6, CONFIRMED, NO_WIFI));
    putCopy(1, recordOf(7, NEW, IN_USE));
    for (let i = 0; i < 5; i++) expect(start()).toBe(false);
    // Given up before: the other one is used.
    putCopy(1, recordOf(7, 0xffffffe1, IN_USE));
    expect(start()).toBe(true);
  });

  test("asked for by a program: the state unasked, then what the tool has asked for", () => {
    putConfig(IN_USE);
    expect(startAsked(ImprovCommand.State)).toBe(true);
    expect(packetsSent()).toBe(linesOf(PROVISIONED, STATE_URLS));
    startAsked(ImprovCommand.Info);
    expect(packetsSent()).toBe(linesOf(PROVISIONED, INFO));
    startAsked(ImprovCommand.Networks);
    expect(packetsSent()).toBe(linesOf(PROVISIONED));
    expect(scans()).toBe(1);
    improv.poll();
    expect(packetsSent()).toBe(linesOf(NETWORKS_END));
    startAsked(ImprovCommand.Settings);
    expect(packetsSent()).toBe(linesOf(PROVISIONED, UNKNOWN_ERROR));
    startAsked(99);
    expect(packetsSent()).toBe(linesOf(PROVISIONED, UNKNOWN_COMMAND));
  });
});

describe("requests", () => {
  test("state and device information", () => {
    start();
    packetsSent();
    expect(answer(ASK_STATE)).toBe(linesOf(AUTHORIZED));
    expect(answer(ASK_INFO)).toBe(linesOf(INFO));
    expect(answer(ASK_INFO + ASK_STATE)).toBe(linesOf(INFO, AUTHORIZED));
    expect(answer(ASK_NAME)).toBe(linesOf(UNKNOWN_COMMAND));
  });

  test("a packet that makes no sense is invalid; one that is not for a board is not answered", () => {
    start();
    packetsSent();
    const invalid: string[] = [
      "494d50524f560103020200e6",
      "494d50524f56010381",
      rpc(""),
      rpc("02"),
      rpc("0201"),
      rpc("020000"),
      rpc("0105") + "",
    ];
    for (let i = 0; i < invalid.length; i++) expect(answer(invalid[i])).toBe(linesOf(INVALID_PACKET), invalid[i]);
    for (let type: u32 = 0; type < 10; type++) {
      if (type != PacketType.Rpc) expect(answer(packetOf(type, "0200"))).toBe("", type.toString());
    }
    expect(answer(ASK_STATE)).toBe(linesOf(AUTHORIZED));
  });

  test("in pieces, with pauses; what stays without its rest is forgotten", () => {
    start();
    packetsSent();
    let nowMs = 0;
    for (let at = 2; at < ASK_STATE.length; at += 2) {
      expect(answer(ASK_STATE.substr(at - 2, 2))).toBe("");
      nowMs += GAP_MAX_MS - 1;
      setClockMs(nowMs);
    }
    expect(answer("e5")).toBe(linesOf(AUTHORIZED));
    expect(answer("494d50524f5601036401622073" + ASK_STATE)).toBe("");
    setClockMs(nowMs + GAP_MAX_MS);
    expect(improv.poll()).toBe(POLL_MAX_MS);
    expect(packetsSent()).toBe(linesOf(AUTHORIZED));
  });

  test("more of them than the line takes answers: one after the other, each packet whole", () => {
    start();
    packetsSent();
    setSerialRoom(20);
    receiveHex(repeated(ASK_INFO, 10));
    improv.poll();
    expect(improv.isBusy).toBe(true);
    setSerialRoom(40);
    improv.poll();
    setSerialRoom(-1);
    improv.poll();
    expect(packetsSent()).toBe(repeated(INFO + " ", 10));
    expect(improv.isBusy).toBe(false);
  });
});

describe("networks", () => {
  test("each name once, the strongest first, hidden ones not; an empty result ends the list", () => {
    start();
    packetsSent();
    find(7, 1, repeated("6e", 32));
    find(41, 1, "73686f70");
    find(50, 1, "");
    find(67, 0, "73686f70");
    find(102, 0, "636166c3a9");
    setScanning(true);
    expect(answer(ASK_NETWORKS)).toBe("");
    expect(answer(ASK_NETWORKS)).toBe("");
    expect(answer(ASK_STATE)).toBe(linesOf(AUTHORIZED));
    expect(scans()).toBe(1);
    setScanning(false);
    improv.poll();
    expect(packetsSent()).toBe(
      linesOf(
        "494d50524f5601042a0428206e6e6e6e6e6e6e6e6e6e6e6e6e6e6e6e6e6e6e6e6e6e6e6e6e6e6e6e6e6e6e6e022d370359455372",
        "494d50524f5601040f040d0473686f70032d34310359455349",
        "494d50524f56010410040e05636166c3a9042d313032024e4f02",
      ) + linesOf(NETWORKS_END),
    );
    expect(answer(ASK_NETWORKS)).toBe(linesOf(NETWORKS_END));
  });

  test("as many as a scan keeps, over a line that takes half a packet at a time", () => {
    start();
    packetsSent();
    for (let i = 0; i < SCAN_FOUND_MAX; i++) {
      store<u8>(buffer + 8, 0x30 + i);
      find(0, 0, "7a" + hexOf(buffer + 8, 1));
    }
    receiveHex(ASK_NETWORKS);
    for (let turn = 0; turn < 3 * SCAN_FOUND_MAX; turn++) {
      setSerialRoom(10);
      improv.poll();
    }
    const packets = packetsSent().split(" ");
    expect(packets.length).toBe(SCAN_FOUND_MAX + 2);
    // Name z and another letter, 0 dBm, NO; after it the checksum.
    for (let i = 0; i < SCAN_FOUND_MAX; i++) {
      store<u8>(buffer + 8, 0x30 + i);
      expect(packets[i].substr(0, 36)).toBe("494d50524f5601040a0408027a" + hexOf(buffer + 8, 1) + "013002" + "4e");
    }
    expect(packets[SCAN_FOUND_MAX]).toBe(NETWORKS_END);
  });

  test("a scan that does not end gives an empty list", () => {
    start();
    packetsSent();
    setScanning(true);
    expect(answer(ASK_NETWORKS)).toBe("");
    setClockMs(9999);
    expect(answer("")).toBe("");
    setClockMs(10000);
    expect(answer("")).toBe(linesOf(NETWORKS_END));
  });
});

describe("Wi-Fi settings", () => {
  test("joined first, then written beside what there is, confirmed; then the board restarts", () => {
    const maps: string[] = [NO_WIFI, IN_USE];
    for (let i = 0; i < maps.length; i++) {
      resetStage();
      putBoard();
      putConfig(maps[i]);
      if (i == 0) start();
      else startAsked(ImprovCommand.State);
      packetsSent();
      expect(answer(SHOP_WRONG)).toBe(linesOf(PROVISIONING));
      expect(joined()).toBe("73686f700077726f6e67");
      setNetStatus(NetStatus.Joining);
      expect(answer(ASK_STATE)).toBe(linesOf(PROVISIONING));
      expect(copyHex(0, 4)).toBe("ffffffff");
      setNetStatus(NetStatus.Up);
      improv.poll();
      expect(packetsSent()).toBe(linesOf(PROVISIONED, SETTINGS_DONE));
      expect(copyHex(0, CHANGED.length >> 1)).toBe(CHANGED);
      expect(restarts()).toBe(1);
      // The start that a program's call has broken off goes on.
      setResetReason(ResetReason.Software);
      expect(start()).toBe(false);
      expect(improv.isResumed).toBe(i == 1);
    }
  });

  test("of a board without a configuration: they are all of it", () => {
    start();
    packetsSent();
    receiveHex(SHOP_WRONG);
    improv.poll();
    setNetStatus(NetStatus.Up);
    improv.poll();
    expect(packetsSent()).toBe(linesOf(PROVISIONING, PROVISIONED, SETTINGS_DONE));
    expect(copyHex(0, FIRST.length >> 1)).toBe(FIRST);
    expect(start()).toBe(false);
  });

  test("the longest ones, and without a passphrase", () => {
    const longest = "0162" + "20" + repeated("73", 32) + "40" + repeated("70", 64);
    start();
    packetsSent();
    expect(answer(rpc(longest))).toBe(linesOf(PROVISIONING));
    expect(joined()).toBe(repeated("73", 32) + "00" + repeated("70", 64));
    expect(answer(rpc("0103017800"))).toBe(linesOf(PROVISIONING));
    expect(joined()).toBe("7800");
  });

  test("of a wrong length: invalid, and nothing is joined", () => {
    start();
    packetsSent();
    const invalid: string[] = [
      "0100",
      "010100",
      "01020000",
      "0103000161",
      "0124" + "21" + repeated("73", 33) + "0161",
      "0164" + "2073" + repeated("73", 31) + "41" + repeated("70", 65),
      "01030173ff",
      "0104017300" + "61",
      "010301",
      "01020173",
      "0103ff7300",
      "0105047368" + "6f70",
    ];
    for (let i = 0; i < invalid.length; i++) {
      expect(answer(rpc(invalid[i]))).toBe(linesOf(INVALID_PACKET), invalid[i]);
      expect(joined()).toBe("");
    }
    expect(answer(SHOP_WRONG)).toBe(linesOf(NO_ERROR, PROVISIONING));
  });

  test("a network that is not there, refuses, or never answers: as before, and another attempt", () => {
    putConfig(IN_USE);
    startAsked(ImprovCommand.State);
    packetsSent();
    const ends: NetStatus[] = [NetStatus.NotFound, NetStatus.Denied, NetStatus.Joining];
    let nowMs = 0;
    for (let i = 0; i < ends.length; i++) {
      setNetStatus(NetStatus.Joining);
      expect(answer(SHOP_WRONG)).toBe(i == 0 ? linesOf(PROVISIONING) : linesOf(NO_ERROR, PROVISIONING));
      setClockMs(nowMs + JOIN_MAX_MS - 1);
      improv.poll();
      expect(packetsSent()).toBe("");
      setNetStatus(ends[i]);
      nowMs += JOIN_MAX_MS;
      setClockMs(nowMs);
      improv.poll();
      expect(packetsSent()).toBe(linesOf(UNABLE_TO_CONNECT, AUTHORIZED));
      expect(improv.isBusy).toBe(false);
    }
    expect(copyHex(0, 4)).toBe("ffffffff");
    expect(restarts()).toBe(0);
  });

  test("flash that does not take them: an unknown error, and the configuration before stays", () => {
    putConfig(IN_USE);
    startAsked(ImprovCommand.State);
    packetsSent();
    answer(SHOP_WRONG);
    setNetStatus(NetStatus.Up);
    setFlashWords(9);
    packetsSent();
    improv.poll();
    expect(isCut()).toBe(true);
    expect(packetsSent()).toBe(linesOf(UNKNOWN_ERROR, AUTHORIZED));
    setFlashWords(-1);
    expect(start()).toBe(false);
  });
});

describe("a board that was asked by its program", () => {
  test("goes back to it when nobody speaks for a minute; each packet begins it anew", () => {
    putConfig(IN_USE);
    startAsked(ImprovCommand.State);
    setClockMs(FIRST_SILENCE_MAX_MS - 1);
    answer(ASK_STATE);
    setClockMs(FIRST_SILENCE_MAX_MS + SILENCE_MAX_MS - 2);
    receiveHex("0d0a6e6f697365");
    expect(improv.poll()).toBe(1);
    expect(restarts()).toBe(0);
    setClockMs(FIRST_SILENCE_MAX_MS + SILENCE_MAX_MS - 1);
    improv.poll();
    expect(restarts()).toBe(1);
    const note = new ImprovNote();
    note.take();
    expect(note.isResumed).toBe(true);
  });

  test("after some seconds when nothing follows what it was asked, or only what is no packet", () => {
    const asked: u32[] = [ImprovCommand.State, ImprovCommand.Info, 99];
    const more: string[] = ["", "494d50524f560103020200e6", "494d50524f5601", "0d0a6e6f697365", rpc("0201")];
    for (let i = 0; i < asked.length; i++) {
      for (let k = 0; k < more.length; k++) {
        resetStage();
        putBoard();
        putConfig(IN_USE);
        startAsked(asked[i]);
        setClockMs(1000);
        receiveHex(more[k]);
        expect(silenceFrom(1000)).toBe(FIRST_SILENCE_MAX_MS, more[k]);
      }
    }
  });

  test("not so soon when somebody chooses a network, or writes a passphrase again", () => {
    const asked: u32[] = [ImprovCommand.Settings, ImprovCommand.Networks];
    for (let i = 0; i < asked.length; i++) {
      resetStage();
      putBoard();
      putConfig(IN_USE);
      startAsked(asked[i]);
      expect(silenceFrom(0)).toBe(SILENCE_MAX_MS);
    }
  });

  test("not while it joins", () => {
    putConfig(IN_USE);
    startAsked(ImprovCommand.State);
    setClockMs(FIRST_SILENCE_MAX_MS - 1);
    setNetStatus(NetStatus.Joining);
    answer(SHOP_WRONG);
    setClockMs(FIRST_SILENCE_MAX_MS + JOIN_MAX_MS - 2);
    improv.poll();
    expect(restarts()).toBe(0);
  });

  test("one without a network stays", () => {
    startAsked(ImprovCommand.State);
    setClockMs(10 * SILENCE_MAX_MS);
    improv.poll();
    expect(restarts()).toBe(0);
  });
});
