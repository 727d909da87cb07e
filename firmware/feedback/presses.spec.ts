import { ANSWER_UNCLEAR } from "../../runtime/contract/stream-ids.ts";
import { resetStage } from "../../runtime/device/testing/stage.ts";
import { Press, Presses } from "./presses.ts";

let presses = new Presses();
let nowMs: u32 = 0;

/** These buttons are down for so long, sampled each 20 ms; returns the presses found, four bits each, the latest lowest. */
function hold(mask: u32, forMs: u32): u32 {
  let found: u32 = 0;
  for (let left = forMs / 20; left > 0; left--, nowMs += 20) {
    const press = presses.sample(mask, nowMs);
    if (press != Press.None) found = (found << 4) | press;
  }
  return found;
}

beforeEach(() => {
  resetStage();
  presses = new Presses();
  nowMs = 0xffffff00;
  hold(0, 100);
});

describe("a press", () => {
  test("of one button is a vote, short or long", () => {
    expect(hold(4, 20)).toBe(Press.None);
    expect(hold(0, 3000)).toBe(Press.Vote);
    expect(presses.answers).toBe(4);
    expect(hold(2, 80)).toBe(Press.None);
    expect(hold(2, 20)).toBe(Press.Vote);
    expect(hold(2, 5000)).toBe(Press.None);
    expect(hold(0, 1000)).toBe(Press.None);
  });

  test("of a ladder takes two samples that agree", () => {
    presses.agreeing = 2;
    hold(1, 20);
    expect(hold(0, 1000)).toBe(Press.None);
    hold(1, 20);
    hold(2, 20);
    expect(hold(0, 1000)).toBe(Press.None);
    hold(1, 40);
    expect(hold(0, 1000)).toBe(Press.Vote);
    expect(presses.answers).toBe(1);
  });

  test("of several at once is no vote, nor is one while another is held", () => {
    hold(1, 60);
    expect(hold(3, 200)).toBe(Press.Together);
    expect(presses.answers).toBe(3);
    expect(hold(2, 200)).toBe(Press.None);
    expect(hold(0, 1000)).toBe(Press.None);
    expect(hold(8, 200)).toBe(Press.Vote);
    expect(hold(24, 5000)).toBe(Press.None);
    hold(0, 1000);
    expect(hold(ANSWER_UNCLEAR, 200)).toBe(Press.Together);
    expect(presses.answers).toBe(ANSWER_UNCLEAR);
  });

  test("that is to be ignored is none, however many samples agree; the next one counts", () => {
    for (presses.agreeing = 1; presses.agreeing <= 2; presses.agreeing++) {
      presses.ignore(4, nowMs);
      expect(hold(4, 5000)).toBe(Press.None);
      hold(0, 3000);
      expect(hold(4, 200)).toBe(Press.Vote);
      hold(0, 3000);
    }
  });

  test("that began before the board did is none", () => {
    for (let agreeing = 1; agreeing <= 2; agreeing++) {
      presses = new Presses();
      presses.agreeing = agreeing;
      expect(hold(1, 5000)).toBe(Press.None);
      hold(0, 100);
      expect(hold(1, 200)).toBe(Press.Vote);
    }
  });
});

describe("hammering", () => {
  test("on one button votes once; another button may vote when the lock is over", () => {
    let votes = 0;
    let lockedPresses = 0;
    for (let i = 0; i < 50; i++) {
      const found = hold(1, 100) | hold(0, 100);
      if (found == Press.Vote) votes++;
      if (found == Press.Locked) lockedPresses++;
    }
    expect(votes).toBe(1);
    expect(lockedPresses).toBe(49);
    // The vote was ten seconds ago, the last press just now.
    expect(hold(2, 100)).toBe(Press.Vote);
    hold(0, 100);
    expect(hold(4, 100)).toBe(Press.Locked);
    hold(0, 2000);
    expect(hold(1, 100)).toBe(Press.Vote);
  });

  test("on several at once, or a contact that is bad, is told once; a button alone may vote meanwhile", () => {
    hold(3, 100);
    expect(hold(0, 500)).toBe(Press.None);
    for (let i = 0; i < 100; i++) expect((hold(ANSWER_UNCLEAR, 40) << 4) | hold(0, 60)).toBe(Press.Locked);
    hold(4, 60);
    expect(hold(0, 500)).toBe(Press.Vote);
    hold(0, 2000);
    expect(hold(3, 100)).toBe(Press.Together);
  });

  test("a lock of nothing locks nothing", () => {
    presses.lockMs = 0;
    for (let i = 0; i < 5; i++) expect(hold(1, 100) | hold(0, 100)).toBe(Press.Vote);
  });

  test("no lock outlasts the wrap of the clock", () => {
    hold(1, 100);
    hold(0, 60000);
    // 25 days and 50 days later.
    for (let i = 0; i < 2; i++) {
      for (let minute = 0; minute < 36000; minute++) {
        nowMs += 60000;
        presses.sample(0, nowMs);
      }
      expect(hold(1, 100)).toBe(Press.Vote);
      hold(0, 100);
    }
  });
});

describe("a button that stays down", () => {
  test("is stuck, and the others work; released it works again", () => {
    expect(hold(1, 29980)).toBe(Press.Vote);
    expect(presses.stuck).toBe(0);
    hold(1, 100);
    expect(presses.stuck).toBe(1);
    expect(hold(3, 200)).toBe(Press.Vote);
    expect(presses.answers).toBe(2);
    hold(1, 3000);
    expect(presses.stuck).toBe(1);
    hold(0, 100);
    expect(presses.stuck).toBe(0);
    expect(hold(1, 100)).toBe(Press.Vote);
  });
});
