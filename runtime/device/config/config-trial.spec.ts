/** Copies on trial, given up, and cut by power. Whole bits and words: flash as testing/stage-host.js plays it. */
import { CONFIG_TRIAL_ATTEMPTS, ConfigKey } from "../../contract/config-record.ts";
import { ResetReason } from "../../contract/host-abi.ts";
import { CONFIRMED, copyHex, NEW, putCopy, recordOf, trialOf } from "../testing/config-copies.ts";
import { putHex } from "../testing/hex.ts";
import { resetStage, setFlashWords, setResetReason, setTearSeed } from "../testing/stage.ts";
import { Config } from "./config.ts";
import { ConfigWriter } from "./config-writer.ts";

const values = memory.data(64);

/** {3: 10, 6: 4} in use, {3: 20, 6: 5} newer. */
const OLD_MAP = "a2030a0604";
const NEW_MAP = "a203140605";
const OLD_PORT = 10;
const NEW_PORT = 20;
const PROVEN_PORT = 30;

function start(): Config {
  const config = new Config();
  config.load();
  return config;
}

function port(config: Config): u32 {
  return config.unsigned(ConfigKey.ServerPort, 0);
}

/** Copy 0 confirmed, copy 1 newer with this trial word. */
function putBoth(trial: u32): void {
  putCopy(0, recordOf(1, CONFIRMED, OLD_MAP));
  putCopy(1, recordOf(2, trial, NEW_MAP));
}

/** Writes {3: 20} as version 5. */
function writeNew(config: Config): bool {
  return new ConfigWriter(config).write(5, values, putHex(values, "a10314"));
}

/** Writes {3: 30}, as what has worked. */
function writeProven(config: Config): bool {
  return new ConfigWriter(config).writeProven(values, putHex(values, "a103181e"));
}

beforeEach(() => {
  resetStage();
});

describe("a configuration on trial", () => {
  test("each start takes an attempt; after the last one it is given up and the one before counts", () => {
    putBoth(NEW);
    for (let attempt = 1; attempt <= CONFIG_TRIAL_ATTEMPTS; attempt++) {
      const config = start();
      expect(port(config)).toBe(NEW_PORT);
      expect(config.onTrial).toBe(true);
      expect(config.version).toBe(5);
      expect(config.refusedVersion).toBe(0);
    }
    expect(trialOf(1)).toBe(0xffffffe3);
    const config = start();
    expect(port(config)).toBe(OLD_PORT);
    expect(config.onTrial).toBe(false);
    expect(config.gaveUp).toBe(true);
    expect(config.refusedVersion).toBe(5);
    expect(trialOf(1)).toBe(0xffffffe1);
    const later = start();
    expect(port(later)).toBe(OLD_PORT);
    expect(later.gaveUp).toBe(false);
    expect(later.refusedVersion).toBe(5);
  });

  test("confirmed at its last attempt: it stays", () => {
    putBoth(NEW);
    for (let attempt = 1; attempt < CONFIG_TRIAL_ATTEMPTS; attempt++) start();
    const config = start();
    config.confirm();
    expect(config.onTrial).toBe(false);
    for (let i = 0; i < 5; i++) {
      const later = start();
      expect(port(later)).toBe(NEW_PORT);
      expect(later.onTrial).toBe(false);
    }
    expect(trialOf(1)).toBe(0xffffffe2);
  });

  test("power goes before or in the word that gives it up: given up at the next start", () => {
    for (let words = 0; words <= 8; words++) {
      resetStage();
      putBoth(0xffffffe3);
      setFlashWords(words);
      expect(port(start())).toBe(OLD_PORT);
      setFlashWords(-1);
      for (let i = 0; i < 3; i++) expect(port(start())).toBe(OLD_PORT);
      expect(trialOf(1)).toBe(0xffffffe1);
    }
  });

  test("power goes at every word of every start: a bounded number of attempts", () => {
    for (let words = 0; words <= 8; words++) {
      resetStage();
      putBoth(NEW);
      setFlashWords(words);
      start();
      setFlashWords(-1);
      let attempts = 0;
      while (port(start()) == NEW_PORT) attempts++;
      expect(attempts >= CONFIG_TRIAL_ATTEMPTS - 1 && attempts <= CONFIG_TRIAL_ATTEMPTS).toBe(true);
    }
  });

  test("power goes in the word that confirms it: on trial or confirmed, and then for good", () => {
    for (let seed = 0; seed < 20; seed++) {
      resetStage();
      putBoth(NEW);
      const config = start();
      setFlashWords(0);
      config.confirm();
      setFlashWords(-1);
      for (let i = 0; i < seed; i++) setResetReason(i % 3);
      const next = start();
      expect(port(next)).toBe(NEW_PORT);
      next.confirm();
      for (let i = 0; i < 5; i++) expect(start().onTrial).toBe(false);
    }
  });

  test("a given up one is used if no other is whole, without a trial, and can be confirmed", () => {
    putCopy(1, recordOf(2, 0xffffffe1, NEW_MAP));
    const config = start();
    expect(port(config)).toBe(NEW_PORT);
    expect(config.onTrial).toBe(false);
    config.confirm();
    expect(start().refusedVersion).toBe(0);
    expect(trialOf(1)).toBe(0xffffffe0);
  });

  test("both given up: the newer one", () => {
    putCopy(0, recordOf(1, 0xffffffe1, OLD_MAP));
    putCopy(1, recordOf(2, 0xffffffe1, NEW_MAP));
    expect(port(start())).toBe(NEW_PORT);
  });
});

describe("writing a copy", () => {
  test("power goes after every word: the old one, or the new one on trial, and for good", () => {
    // An erase, the record of 27 bytes, and one beyond.
    for (let words = 0; words <= 9; words++) {
      for (let seed = 0; seed < 8; seed++) {
        resetStage();
        putCopy(0, recordOf(2, CONFIRMED, OLD_MAP));
        putCopy(1, recordOf(1, CONFIRMED, "a203010603"));
        const config = start();
        for (let i = 0; i < seed; i++) start();
        setFlashWords(words);
        const isWritten = writeNew(config);
        setFlashWords(-1);
        expect(isWritten).toBe(words >= 8);
        const first = start();
        const isNew = port(first) == NEW_PORT;
        expect(isNew || port(first) == OLD_PORT).toBe(true);
        if (words >= 8) expect(isNew).toBe(true);
        if (words < 7) expect(isNew).toBe(false);
        expect(first.onTrial).toBe(isNew);
        // What the first start found whole is firm now.
        if (isNew) {
          first.confirm();
          for (let i = 0; i < 5; i++) expect(port(start())).toBe(NEW_PORT);
        } else {
          expect(writeNew(first)).toBe(true);
          expect(port(start())).toBe(NEW_PORT);
        }
      }
    }
  });

  test("never into the sector of the copy in use, wherever that lies", () => {
    for (let copy = 0; copy < 2; copy++) {
      resetStage();
      const record = recordOf(7, CONFIRMED, OLD_MAP);
      putCopy(copy, record);
      expect(writeNew(start())).toBe(true);
      expect(copyHex(copy, record.length >> 1)).toBe(record);
      expect(trialOf(1 - copy)).toBe(NEW);
      expect(port(start())).toBe(NEW_PORT);
    }
  });

  test("over one that was given up, cut in the erase: that one may get another trial, the one in use stays whole", () => {
    for (let seed = 0; seed < 20; seed++) {
      resetStage();
      putBoth(0xffffffe1);
      for (let i = 0; i < seed; i++) start();
      const config = start();
      setFlashWords(0);
      expect(writeNew(config)).toBe(false);
      setFlashWords(-1);
      for (let i = 0; i <= CONFIG_TRIAL_ATTEMPTS; i++) start();
      expect(port(start())).toBe(OLD_PORT);
    }
  });

  test("not while the one in use is on trial: the other one is the way back", () => {
    putBoth(NEW);
    const config = start();
    expect(writeNew(config)).toBe(false);
    expect(copyHex(0, 4)).toBe("4c434647");
  });
});

describe("values that have worked already", () => {
  test("count at once, beside what the server gave before, and are never given up", () => {
    putBoth(CONFIRMED);
    expect(writeProven(start())).toBe(true);
    for (let i = 0; i <= CONFIG_TRIAL_ATTEMPTS; i++) {
      const config = start();
      expect(port(config)).toBe(PROVEN_PORT);
      expect(config.onTrial).toBe(false);
      expect(config.version).toBe(5);
    }
    expect(copyHex(1, 4)).toBe("4c434647");
  });

  test("go into the configuration that has worked; one on trial, or given up, is dropped for it", () => {
    const trials: u32[] = [NEW, 0xffffffe3, 0xffffffe1];
    for (let i = 0; i < trials.length; i++) {
      resetStage();
      putBoth(trials[i]);
      expect(writeProven(new Config())).toBe(true);
      const config = start();
      expect(port(config)).toBe(PROVEN_PORT);
      expect(config.version).toBe(4);
      expect(config.onTrial).toBe(false);
    }
  });

  test("without one that has worked: into the newest, or into an empty one", () => {
    putCopy(1, recordOf(2, 0xffffffe1, NEW_MAP));
    expect(writeProven(new Config())).toBe(true);
    expect(start().version).toBe(5);
    resetStage();
    expect(writeProven(new Config())).toBe(true);
    expect(port(start())).toBe(PROVEN_PORT);
  });

  test("for which there is no room: nothing has changed, in flash or in memory", () => {
    // A text of 500 bytes fills the map.
    let map = "a2030a0b7901f4";
    for (let i = 0; i < 500; i++) map += "61";
    putCopy(0, recordOf(1, CONFIRMED, map));
    const config = new Config();
    const length = putHex(values, "a1006a61206e6574776f726b21");
    expect(new ConfigWriter(config).writeProven(values, length)).toBe(false);
    expect(port(config)).toBe(OLD_PORT);
    expect(copyHex(1, 4)).toBe("ffffffff");
    expect(port(start())).toBe(OLD_PORT);
  });

  test("power goes after every word: what was, or all of it, and for good", () => {
    const trials: u32[] = [CONFIRMED, NEW];
    for (let i = 0; i < trials.length; i++) {
      for (let words = 0; words <= 18; words++) {
        for (let seed: u32 = 0; seed < 8; seed++) {
          resetStage();
          putBoth(trials[i]);
          setTearSeed(seed);
          setFlashWords(words);
          const isWritten = writeProven(new Config());
          setFlashWords(-1);
          const found = port(start());
          const before = i == 0 ? NEW_PORT : found == NEW_PORT ? NEW_PORT : OLD_PORT;
          expect(found == before || found == PROVEN_PORT).toBe(true);
          if (isWritten) expect(found).toBe(PROVEN_PORT);
          for (let later = 0; later <= CONFIG_TRIAL_ATTEMPTS; later++) {
            const now = port(start());
            expect(now == found || (found == NEW_PORT && now == OLD_PORT)).toBe(true);
          }
          expect(writeProven(new Config())).toBe(true);
          expect(port(start())).toBe(PROVEN_PORT);
        }
      }
    }
  });

  test("power goes while the first one is written: none, or all of it, and the next attempt counts", () => {
    for (let words = 0; words <= 12; words++) {
      for (let seed: u32 = 0; seed < 8; seed++) {
        resetStage();
        // What an earlier attempt has left in the sector that this one does not write.
        putCopy(1, recordOf(1, CONFIRMED, OLD_MAP).substr(0, 48));
        setTearSeed(seed);
        setFlashWords(words);
        writeProven(new Config());
        setFlashWords(-1);
        const found = port(start());
        expect(found == PROVEN_PORT || found == 0).toBe(true);
        for (let i = 0; i < 3; i++) expect(port(start())).toBe(found);
        expect(writeProven(new Config())).toBe(true);
        expect(port(start())).toBe(PROVEN_PORT);
      }
    }
  });
});

describe("the start", () => {
  test("writes the copy again, but not after deep sleep", () => {
    putBoth(CONFIRMED);
    setFlashWords(0);
    expect(port(start())).toBe(NEW_PORT);
    setFlashWords(-1);
    setResetReason(ResetReason.DeepSleep);
    setFlashWords(1);
    start();
    setFlashWords(-1);
    expect(copyHex(1, 4)).toBe("4c434647");
  });
});
