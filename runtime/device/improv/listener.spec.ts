import { ResetReason } from "../../contract/host-abi.ts";
import { putHex } from "../testing/hex.ts";
import { ASK_INFO, ASK_NETWORKS, ASK_STATE, receiveHex, SHOP_WRONG } from "../testing/improv-frames.ts";
import { putRtc, putSerial, resetStage, restarts, setResetReason, takeRtc } from "../testing/stage.ts";
import { ImprovCommand } from "./format.ts";
import { listenForImprov } from "./listener.ts";
import { ImprovNote } from "./note.ts";

const buffer = memory.data(512);

/** What boot is asked for at the next start. */
function asked(reason: ResetReason = ResetReason.Software): u32 {
  setResetReason(reason);
  const note = new ImprovNote();
  note.take();
  return note.command;
}

beforeEach(() => {
  // The end of a packet that the test before has begun.
  receiveHex("0000");
  listenForImprov();
  resetStage();
});

describe("a product that listens", () => {
  test("restarts for the beginning of an RPC, and boot is told the command", () => {
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
    for (let at = 2; at < 20; at += 2) {
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
