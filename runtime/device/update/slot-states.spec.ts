/** The log of slot snapshots: what it holds, and what power cuts do to it. */
import { FLASH_SECTOR_BYTES, FLASH_SLOT_STATES_OFFSET, Slot } from "../../contract/flash-map.ts";
import {
  SLOT_RECORD_ATTEMPTS_OFFSET,
  SLOT_RECORD_BYTES,
  SLOT_RECORD_CRC_OFFSET,
  SlotState,
  TRIAL_ATTEMPTS,
} from "../../contract/slot-record.ts";
import { UpdateFailure } from "../../contract/update-messages.ts";
import { flash_write } from "../imports/host.ts";
import { hexOf, putHex } from "../testing/hex.ts";
import {
  bringBackFlash,
  isCut,
  keepFlash,
  putFlash,
  resetStage,
  setFlashWords,
  setStuck,
  setTearSeed,
  takeFlash,
} from "../testing/stage.ts";
import { NO_PATCH_BASE, SlotStates } from "./slot-states.ts";

const buffer = memory.data(4096);
const SECTOR_PLACES = FLASH_SECTOR_BYTES / SLOT_RECORD_BYTES;
const ID_A = "0102030405060708";
const ID_B = "1112131415161718";

function loaded(): SlotStates {
  const states = new SlotStates();
  states.load();
  return states;
}

function place(index: i32): string {
  takeFlash(FLASH_SLOT_STATES_OFFSET + index * SLOT_RECORD_BYTES, buffer, SLOT_RECORD_BYTES);
  return hexOf(buffer, SLOT_RECORD_BYTES);
}

/** Appends snapshots that are told apart by their floor, from `first` to `last`. */
function appendFloors(states: SlotStates, first: u32, last: u32): void {
  for (let floor = first; floor <= last; floor++) {
    states.floor = floor;
    expect(states.append()).toBe(true);
  }
}

beforeEach(() => {
  resetStage();
});

describe("SlotStates", () => {
  test("blank flash: fresh, both slots empty, slot A first", () => {
    const states = loaded();
    expect(states.isFresh).toBe(true);
    expect(states.state(Slot.A)).toBe(SlotState.Empty);
    expect(states.state(Slot.B)).toBe(SlotState.Empty);
    expect(states.preferred).toBe(Slot.A);
    expect(states.failure).toBe(UpdateFailure.None);
    expect(states.floor).toBe(0);
    expect(states.patchBase).toBe(NO_PATCH_BASE);
    expect(states.hasAttempts).toBe(true);
    expect(states.sectorsLoaded).toBe(0);
  });

  test("garbage in both sectors: fresh, and the first snapshot is found again", () => {
    const bytes = [0x00, 0x5a, 0x7f];
    for (let i = 0; i < bytes.length; i++) {
      memory.fill(buffer, <u8>bytes[i], 4096);
      putFlash(FLASH_SLOT_STATES_OFFSET, buffer, 4096);
      putFlash(FLASH_SLOT_STATES_OFFSET + 4096, buffer, 4096);
      const states = loaded();
      expect(states.isFresh).toBe(true);
      appendFloors(states, 7, 7);
      expect(loaded().floor).toBe(7);
    }
  });

  test("the bytes of a snapshot (CRC from zlib)", () => {
    const states = loaded();
    states.setState(Slot.A, SlotState.Confirmed);
    states.setState(Slot.B, SlotState.Trial);
    states.preferred = Slot.B;
    states.floor = 0x01020304;
    putHex(buffer, ID_A + ID_B);
    states.setImage(Slot.A, buffer);
    states.setImage(Slot.B, buffer + 8);
    states.setFailure(UpdateFailure.Hang, buffer + 8);
    states.append();
    states.takeAttempt();
    expect(place(0)).toBe(
      "01000000" +
        "03020113" +
        "04030201" +
        ID_A +
        ID_B +
        ID_B +
        "ffffffff" +
        "ffffffff" +
        "e2d33ff9" +
        "feffffff" +
        "ffffffffffffffffffffffff",
    );
    const again = loaded();
    expect(again.isFresh).toBe(false);
    expect(again.state(Slot.A)).toBe(SlotState.Confirmed);
    expect(again.state(Slot.B)).toBe(SlotState.Trial);
    expect(again.preferred).toBe(Slot.B);
    expect(again.floor).toBe(0x01020304);
    expect(again.failure).toBe(UpdateFailure.Hang);
    expect(hexOf(again.image(Slot.A), 16)).toBe(ID_A + ID_B);
    expect(hexOf(again.failedImage, 8)).toBe(ID_B);
  });

  test("attempts: so many, each durable at once", () => {
    let states = loaded();
    states.append();
    for (let attempt = 0; attempt < TRIAL_ATTEMPTS; attempt++) {
      states = loaded();
      expect(states.hasAttempts).toBe(true);
      states.takeAttempt();
    }
    expect(loaded().hasAttempts).toBe(false);
    states.renewWords();
    states.append();
    expect(loaded().hasAttempts).toBe(true);
  });

  test("progress: sectors in order, carried into the next snapshot unless begun anew", () => {
    const states = loaded();
    states.append();
    for (let sector: u32 = 0; sector < 18; sector++) {
      expect(loaded().sectorsLoaded).toBe(sector);
      states.markLoaded(sector);
    }
    states.append();
    expect(loaded().sectorsLoaded).toBe(18);
    states.renewWords();
    states.append();
    expect(loaded().sectorsLoaded).toBe(0);
  });

  test("sectors take turns, over and over; the newest snapshot counts", () => {
    const states = loaded();
    for (let floor: u32 = 1; floor <= 5 * <u32>SECTOR_PLACES; floor++) {
      appendFloors(states, floor, floor);
      expect(loaded().floor).toBe(floor);
    }
  });

  test("each start leaves one place unused, and none is used that is not erased", () => {
    for (let floor: u32 = 1; floor <= 3 * <u32>SECTOR_PLACES; floor++) {
      const states = loaded();
      expect(states.isFirm).toBe(false);
      appendFloors(states, floor, floor);
      expect(states.isFirm).toBe(true);
      expect(loaded().floor).toBe(floor);
    }
  });

  test("a bit that does not clear: the next place is taken", () => {
    const states = loaded();
    appendFloors(states, 1, 1);
    setStuck(FLASH_SLOT_STATES_OFFSET + SLOT_RECORD_BYTES + 8, 0xff);
    appendFloors(states, 2, 2);
    expect(loaded().floor).toBe(2);
    expect(place(2).substr(16, 8)).toBe("02000000");
  });

  test("when many of them are, the other sector is begun", () => {
    const states = loaded();
    appendFloors(states, 1, 3);
    for (let at = 3; at < 8; at++) setStuck(FLASH_SLOT_STATES_OFFSET + at * SLOT_RECORD_BYTES + 8, 0xff);
    appendFloors(states, 4, 6);
    expect(loaded().floor).toBe(6);
    expect(place(SECTOR_PLACES).substr(16, 8)).toBe("04000000");
  });

  test("when the other sector is worn out, the one that counts is never erased", () => {
    const states = loaded();
    appendFloors(states, 1, SECTOR_PLACES);
    for (let at = 0; at < FLASH_SECTOR_BYTES; at++) setStuck(FLASH_SLOT_STATES_OFFSET + FLASH_SECTOR_BYTES + at, 0xff);
    for (let tries = 0; tries < 100; tries++) {
      states.floor = 1000;
      expect(states.append()).toBe(false);
    }
    expect(loaded().floor).toBe(SECTOR_PLACES);
  });
});

/** Words that a start and an append write at most, an erase counted as one. */
const CUT_WORDS = 64;
/** The CRC is what decides: bits of it that are neither one nor zero make a snapshot that comes and goes. */
const CRC_WORD = 4 + 11;
const CRC_TEARS = 10;

/** Cuts the power `words` words into the next append. True when there was a cut. */
function cutAppend(floor: u32, words: i32, tear: u32): bool {
  const states = loaded();
  setTearSeed(tear);
  setFlashWords(words);
  states.floor = floor;
  states.append();
  const wasCut = isCut();
  setFlashWords(-1);
  return wasCut;
}

/** Whatever counts now still counts at later starts. */
function settledFloor(): u32 {
  const floor = loaded().floor;
  for (let start = 0; start < 2; start++) expect(loaded().floor).toBe(floor);
  return floor;
}

/** One cut, then a start that is cut at `wordsAgain`, then one that is not. */
function cutTwice(before: u32, words: i32, wordsAgain: i32, tear: u32): void {
  bringBackFlash();
  const wasCut = cutAppend(before + 1, words, tear);
  // A start that is cut itself, before it could decide anything.
  setFlashWords(wordsAgain);
  loaded();
  setFlashWords(-1);
  const found = settledFloor();
  if (wasCut) expect(found == before || found == before + 1).toBe(true);
  else expect(found).toBe(before + 1);
  const wasCutAgain = cutAppend(1000, wordsAgain, tear + 1);
  const last = settledFloor();
  if (wasCutAgain) expect(last == found || last == 1000).toBe(true);
  else expect(last).toBe(1000);
  appendFloors(loaded(), 2000, 2000);
  expect(settledFloor()).toBe(2000);
}

/** Cuts what comes after `before` snapshots after each word, and more often where the CRC is written. */
function cutAppends(before: u32): void {
  appendFloors(loaded(), 1, before);
  keepFlash();
  for (let words = 0; words < CUT_WORDS; words++) {
    for (let seed = 0; seed < 2; seed++) {
      cutTwice(before, words, (words * 13 + seed * 5) % CUT_WORDS, seed == 0 ? 0 : seed * 7919 + words);
    }
  }
  for (let tear = 1; tear <= CRC_TEARS; tear++) {
    // Behind an erase, or behind a place that was voided.
    cutTwice(before, 1 + CRC_WORD, 1 + CRC_WORD, tear * 104729);
    cutTwice(before, 16 + CRC_WORD, 16 + CRC_WORD, tear * 104729);
    cutTwice(before, 16 + CRC_WORD, 12 + 16 + CRC_WORD, tear * 104729);
  }
}

/** Clears one bit of a word, but power goes away in the middle. */
function weaken(offset: u32, bit: u32): void {
  store<u32>(buffer, ~((<u32>1) << bit));
  setTearSeed(0);
  setFlashWords(0);
  flash_write(offset, buffer, 4);
  setFlashWords(-1);
}

/** A place as the first of two snapshots left it, with one bit of its CRC neither one nor zero. */
function putWeakSnapshot(index: u32, bit: u32): bool {
  const offset = FLASH_SLOT_STATES_OFFSET + index * SLOT_RECORD_BYTES;
  takeFlash(offset, buffer, SLOT_RECORD_BYTES);
  const crc = load<u32>(buffer, SLOT_RECORD_CRC_OFFSET);
  if ((crc & ((<u32>1) << bit)) != 0) return false;
  store<u32>(buffer, crc | ((<u32>1) << bit), SLOT_RECORD_CRC_OFFSET);
  putFlash(offset, buffer, SLOT_RECORD_BYTES);
  weaken(offset + SLOT_RECORD_CRC_OFFSET, bit);
  return true;
}

describe("SlotStates: bits that read as they like", () => {
  test("in the newest snapshot: it counts from now on, or never", () => {
    // The newest one is in the middle of a sector, or the first one of the other sector.
    const counts: u32[] = [6, SECTOR_PLACES + 1];
    for (let i = 0; i < counts.length; i++) {
      const newest = counts[i];
      let taken = 0;
      let left = 0;
      resetStage();
      appendFloors(loaded(), 1, newest);
      keepFlash();
      for (let round: u32 = 0; round < 64; round++) {
        bringBackFlash();
        if (!putWeakSnapshot(newest - 1, round & 31)) continue;
        if (settledFloor() == newest) taken++;
        else left++;
        appendFloors(loaded(), 1000, 1000);
        expect(settledFloor()).toBe(1000);
      }
      expect(taken > 0 && left > 0).toBe(true);
    }
  });

  test("in a place that reads as blank: nothing is written there", () => {
    appendFloors(loaded(), 1, 6);
    keepFlash();
    for (let bit: u32 = 0; bit < 32; bit++) {
      for (let word: u32 = 0; word < 12; word += 2) {
        bringBackFlash();
        weaken(FLASH_SLOT_STATES_OFFSET + 6 * SLOT_RECORD_BYTES + 4 * word, bit);
        appendFloors(loaded(), 7, 7);
        expect(settledFloor()).toBe(7);
      }
    }
  });

  test("an attempt or a sector that is half recorded is recorded, or not", () => {
    const states = loaded();
    states.append();
    const offset = FLASH_SLOT_STATES_OFFSET + SLOT_RECORD_ATTEMPTS_OFFSET;
    weaken(offset, 0);
    weaken(offset + 4, 0);
    for (let start = 0; start < 8; start++) {
      const found = loaded();
      expect(found.hasAttempts).toBe(true);
      expect(found.sectorsLoaded < 2).toBe(true);
    }
    const found = loaded();
    const sectors = found.sectorsLoaded;
    found.append();
    for (let start = 0; start < 8; start++) expect(loaded().sectorsLoaded).toBe(sectors);
  });
});

describe("SlotStates: power cuts inside of an append", () => {
  test("in the middle of a sector", () => {
    cutAppends(5);
  });

  test("the last place of a sector", () => {
    cutAppends(SECTOR_PLACES - 2);
    resetStage();
    cutAppends(SECTOR_PLACES - 1);
  });

  test("the first place of the other sector, whose erase is cut too", () => {
    cutAppends(SECTOR_PLACES);
    resetStage();
    cutAppends(2 * SECTOR_PLACES - 1);
  });

  test("the very first snapshot: fresh, or there", () => {
    for (let words = 0; words < CUT_WORDS; words++) {
      resetStage();
      const states = loaded();
      states.floor = 9;
      setFlashWords(words);
      states.append();
      setFlashWords(-1);
      const found = loaded();
      expect(found.isFresh || found.floor == 9).toBe(true);
      expect(loaded().isFresh).toBe(found.isFresh);
      appendFloors(loaded(), 10, 10);
      expect(loaded().floor).toBe(10);
    }
  });
});
