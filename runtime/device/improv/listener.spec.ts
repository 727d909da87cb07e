import { ResetReason } from "../../contract/host-abi.ts";
import { hexOf, putHex } from "../testing/hex.ts";
import { ASK_INFO, ASK_NETWORKS, ASK_STATE, packetOf, receiveHex, SHOP_WRONG } from "../testing/improv-frames.ts";
import { putRtc, putSerial, resetStage, restarts, setResetReason, takeRtc } from "../testing/stage.ts";
import { ImprovCommand, PacketType } from "./format.ts";
import { listenForImprov } from "./listener.ts";
import { ImprovNote } from "./note.ts";

const buffer = memory.data(512);

function repeated(hex: string, count: i32): string {
  let text = "";
  for (let i = 0; i < count; i++) text += hex;
  return text;
}

/** What boot is asked for at the next start. */
function asked(reason: ResetReason = ResetReason.Software): u32 {
  setResetReason(reason);
  const note = new ImprovNote();
  note.take();
  return note.command;
}

beforeEach(() => {
  // The end of a packet that the test before has begun.
  for (let i = 0; i < 3; i++) {
    memory.fill(buffer, 0, 128);
    putSerial(buffer, 128);
    listenForImprov();
  }
  resetStage();
});

describe("a product that listens", () => {
  test("restarts for an RPC, and boot is told the command", () => {
    const packets: string[] = [ASK_STATE, ASK_INFO, ASK_NETWORKS, SHOP_WRONG];
    const commands: u32[] = [ImprovCommand.State, ImprovCommand.Info, ImprovCommand.Networks, ImprovCommand.Settings];
    for (let i = 0; i < packets.length; i++) {
      receiveHex(packets[i]);
      listenForImprov();
      expect(restarts()).toBe(i + 1);
      expect(asked()).toBe(commands[i]);
      // What a restart would have thrown away.
      listenForImprov();
    }
  });

  test("in whatever pieces it comes", () => {
    for (let at = 2; at < ASK_STATE.length; at += 2) {
      receiveHex("0d0a49494d" + ASK_STATE.substr(0, at));
      listenForImprov();
      expect(restarts()).toBe(at / 2 - 1);
      receiveHex(ASK_STATE.substr(at));
      listenForImprov();
      expect(restarts()).toBe(at / 2);
    }
  });

  test("not for packets of other types or versions, nor for half of one", () => {
    const others: string[] = [
      "494d50524f560101010202",
      "494d50524f5602030202",
      "494d50524f560a0103020200",
      "494d50524f560103",
    ];
    for (let i = 0; i < others.length; i++) receiveHex(others[i]);
    listenForImprov();
    expect(restarts()).toBe(0);
  });

  test("not for one with a wrong bit, wherever it is", () => {
    const packets: string[] = [ASK_STATE, ASK_INFO, ASK_NETWORKS, SHOP_WRONG];
    for (let i = 0; i < packets.length; i++) {
      for (let bit = 0; bit < packets[i].length * 4; bit++) {
        const bytes = putHex(buffer, packets[i]);
        store<u8>(buffer + (bit >> 3), <u32>load<u8>(buffer + (bit >> 3)) ^ (1 << (bit & 7)));
        putSerial(buffer, bytes);
        listenForImprov();
      }
    }
    expect(restarts()).toBe(0);
  });

  test("not for a checksum of each wrong value, for one without data, or with more than there may be", () => {
    for (let sum = 0; sum < 256; sum++) {
      if (sum == 0xe5) continue;
      const bytes = putHex(buffer, ASK_STATE);
      store<u8>(buffer + bytes - 1, sum);
      putSerial(buffer, bytes);
      listenForImprov();
    }
    receiveHex(packetOf(PacketType.Rpc, ""));
    listenForImprov();
    receiveHex(packetOf(PacketType.Rpc, repeated("61", 129)));
    listenForImprov();
    expect(restarts()).toBe(0);
    receiveHex(packetOf(PacketType.Rpc, repeated("61", 128)));
    listenForImprov();
    expect(restarts()).toBe(1);
  });

  test("for a command that is unknown, for boot answers that; not for what a note cannot say", () => {
    for (let command = 0; command < 256; command++) {
      resetStage();
      store<u8>(buffer, command);
      receiveHex(packetOf(PacketType.Rpc, hexOf(buffer, 1) + "00"));
      listenForImprov();
      expect(restarts()).toBe(command == 0 || command == 255 ? 0 : 1);
      if (restarts() > 0) expect(asked()).toBe(command);
    }
  });

  test("one behind another that was broken off, wherever that was", () => {
    for (let at = 2; at < SHOP_WRONG.length; at += 2) {
      resetStage();
      receiveHex(SHOP_WRONG.substr(0, at) + ASK_STATE);
      listenForImprov();
      expect(restarts()).toBe(1, at.toString());
      expect(asked()).toBe(ImprovCommand.State);
    }
  });

  test("10,000 random bytes, then a packet", () => {
    let seed: u32 = 20261121;
    for (let turn = 0; turn < 100; turn++) {
      for (let i = 0; i < 100; i++) {
        seed = seed * 1664525 + 1013904223;
        store<u8>(buffer + i, seed >> 24);
      }
      putSerial(buffer, 100);
      listenForImprov();
    }
    expect(restarts()).toBe(0);
    receiveHex(ASK_STATE);
    listenForImprov();
    expect(restarts()).toBe(1);
  });

  test("a full buffer in one go, and what fills it again is not read before the next poll", () => {
    for (let i = 0; i < 384; i++) store<u8>(buffer + i, 0x49);
    putSerial(buffer, 384);
    receiveHex(ASK_STATE.substr(2));
    listenForImprov();
    expect(restarts()).toBe(0);
    listenForImprov();
    expect(restarts()).toBe(1);
  });
});

describe("the note", () => {
  test("counts once, and only for a start after `restart`", () => {
    for (let reason = 0; reason <= <i32>ResetReason.Deadline; reason++) {
      receiveHex(ASK_STATE);
      listenForImprov();
      expect(asked(reason)).toBe(reason == ResetReason.Software ? ImprovCommand.State : ImprovCommand.None);
      expect(asked()).toBe(ImprovCommand.None);
    }
  });

  test("noise is none", () => {
    for (let byte = 0; byte < 256; byte++) {
      memory.fill(buffer, <u8>byte, 512);
      putRtc(0, buffer, 512);
      setResetReason(ResetReason.Software);
      const note = new ImprovNote();
      note.take();
      expect(note.command).toBe(ImprovCommand.None);
      expect(note.isResumed).toBe(false);
    }
  });

  test("touches nothing else", () => {
    memory.fill(buffer, 0xa5, 512);
    putRtc(0, buffer, 512);
    receiveHex(ASK_STATE);
    listenForImprov();
    asked();
    takeRtc(0, buffer, 512);
    for (let i = 0; i < 500; i++) expect(load<u8>(buffer + i)).toBe(0xa5);
    expect(putHex(buffer, "00")).toBe(1);
  });

  test("goes on where it was broken off, a bounded number of times in a row", () => {
    let resumed = 0;
    for (let round = 0; round < 40; round++) {
      receiveHex(ASK_STATE);
      listenForImprov();
      setResetReason(ResetReason.Software);
      const asking = new ImprovNote();
      asking.take();
      expect(asking.command).toBe(ImprovCommand.State);
      expect(asking.isResumed).toBe(false);
      asking.resume();
      const next = new ImprovNote();
      next.take();
      expect(next.command).toBe(ImprovCommand.None);
      if (next.isResumed) resumed++;
    }
    expect(resumed).toBe(16);
    // A start of its own, and it may begin anew.
    expect(asked()).toBe(ImprovCommand.None);
    new ImprovNote().resume();
    const fresh = new ImprovNote();
    fresh.take();
    expect(fresh.isResumed).toBe(true);
  });
});
