/**
 * The host of the specs: every function of the host ABI answers 0, but for those that act on what the spec has set up
 * through stage.ts. Byte sources and memories are plain arrays; nothing here checks what the device does.
 */
import { createHmac } from "node:crypto";
import { readFileSync } from "node:fs";
import { createImageStage } from "./stage-images.js";
import { createSerialStage } from "./stage-serial.js";

/** Region of a board of 1 MB (contract/flash-map.ts). */
const FLASH_BYTES = 0x3c000;
const RTC_BYTES = 512;
const SECTOR_BYTES = 4096;
const OUT_OF_RANGE = -2;
const UNALIGNED = -3;

/** Every function of the host ABI, answering 0. */
const DECLARATIONS = readFileSync(new URL("../imports/host.ts", import.meta.url), "utf8");
const SILENT = Object.fromEntries(
  Array.from(DECLARATIONS.matchAll(/declare function (\w+)/g), ([, name]) => [name, () => 0]),
);

/** `memory` gives the memory of the module under test, which may have grown since the last call. */
export function createStage(memory) {
  const view = (pointer, length) => new Uint8Array(memory().buffer, pointer, length);
  const images = createImageStage(view, () => flash);
  const serial = createSerialStage(view);
  let clockMs = 0;
  let unixS = 0;
  let seed = 1;
  let flash, weak, stuck, flashWords, tearSeed, kept, rtc, incoming, readMax, readError, randomBytes, lastLog;
  let outgoing, netStatus, tcpStatus, resetReason, restarts;

  function reset() {
    clockMs = 0;
    unixS = 0;
    seed = 1;
    setFlashBytes(FLASH_BYTES);
    kept = undefined;
    tearSeed = 0;
    flashWords = Number.POSITIVE_INFINITY;
    outgoing = [];
    netStatus = 0;
    tcpStatus = 0;
    resetReason = 0;
    restarts = 0;
    rtc = new Uint8Array(RTC_BYTES);
    incoming = [];
    readMax = 0x7fffffff;
    readError = 0;
    randomBytes = [];
    lastLog = new Uint8Array(0);
    images.reset();
    serial.reset();
  }
  function setFlashBytes(bytes) {
    flash = new Uint8Array(bytes).fill(0xff);
    weak = new Uint8Array(bytes);
    stuck = new Map();
  }
  reset();

  function read(from, offset, pointer, length) {
    if (offset < 0 || length < 0 || offset + length > from.length) return OUT_OF_RANGE;
    view(pointer, length).set(from.subarray(offset, offset + length));
    return length;
  }

  function write(to, offset, pointer, length) {
    if (offset < 0 || length < 0 || offset + length > to.length) return OUT_OF_RANGE;
    to.set(view(pointer, length), offset);
    return length;
  }

  function readFlash(offset, pointer, length) {
    const result = read(flash, offset, pointer, length);
    if (result < 0) return result;
    const bytes = view(pointer, length);
    for (let i = 0; i < length; i++) if (weak[offset + i] !== 0) bytes[i] |= weak[offset + i] & randomByte();
    return result;
  }

  /** Power that lasts for `flashWords` more words; of the word after them every bit to be cleared is left weak. */
  function writeFlash(offset, pointer, length) {
    if (offset < 0 || length < 0 || offset + length > flash.length) return OUT_OF_RANGE;
    if ((offset | pointer | length) & 3) return UNALIGNED;
    const bytes = view(pointer, length);
    for (let i = 0; i < length; i++) {
      if ((i & 3) === 0 && flashWords-- <= 0) {
        if (flashWords === -1) leaveWeak(offset + i, bytes.subarray(i, i + 4));
        return 0;
      }
      flash[offset + i] &= bytes[i] | (stuck.get(offset + i) ?? 0);
      weak[offset + i] &= bytes[i];
    }
    return 0;
  }

  function leaveWeak(offset, bytes) {
    for (let i = 0; i < bytes.length; i++) {
      const toClear = flash[offset + i] & ~bytes[i];
      const weakened = toClear & tornBits();
      weak[offset + i] |= weakened;
      flash[offset + i] &= ~(weakened | (toClear & ~tornBits()));
    }
  }

  /** The bits of a byte that a cut leaves as they were, or weak; which ones, the seed draws. Without one, all. */
  function tornBits() {
    if (tearSeed === 0) return 0xff;
    tearSeed = Number((BigInt(tearSeed) * 48271n) % 2147483647n);
    // Mostly ones, mostly zeros, or half of them: subsets of all sizes come up.
    const bits = (tearSeed >>> 3) & 0xff;
    const more = (tearSeed >>> 11) & 0xff;
    return [bits, bits | more, bits & more, tearSeed & 0x80000 ? 0xff : 0][(tearSeed >>> 20) & 3];
  }

  /** A sector counts as one word. When power goes in the middle every bit that was zero is weak or one. */
  function eraseFlash(offset) {
    if ((offset & (SECTOR_BYTES - 1)) !== 0 || offset < 0 || offset >= flash.length) return OUT_OF_RANGE;
    const isCut = flashWords-- <= 0;
    if (isCut && flashWords !== -1) return 0;
    for (let i = offset; i < offset + SECTOR_BYTES; i++) {
      if (isCut && tearSeed !== 0) {
        const zeros = ~flash[i] & 0xff;
        weak[i] |= zeros & tornBits();
        flash[i] |= zeros & ~weak[i] & tornBits();
        continue;
      }
      const zeros = ~flash[i];
      flash[i] = 0xff;
      weak[i] = isCut ? zeros & randomByte() : 0;
      flash[i] &= ~weak[i];
    }
    return 0;
  }

  function randomByte() {
    if (randomBytes.length > 0) return randomBytes.shift();
    seed = (Math.imul(seed, 1103515245) + 12345) >>> 0;
    return seed >>> 16;
  }

  const host = {
    clock_ms: () => clockMs,
    clock_unix: () => unixS,
    clock_set(unix) {
      unixS = unix;
    },
    random_fill(pointer, length) {
      const bytes = view(pointer, length);
      for (let i = 0; i < length; i++) bytes[i] = randomByte();
      return 0;
    },
    hmac_sha256(key, keyBytes, pointer, length, out) {
      view(out, 32).set(createHmac("sha256", view(key, keyBytes)).update(view(pointer, length)).digest());
      return 0;
    },
    rtc_read: (offset, pointer, length) => read(rtc, offset, pointer, length),
    rtc_write: (offset, pointer, length) => write(rtc, offset, pointer, length),
    reset_reason: () => resetReason,
    restart() {
      restarts++;
    },
    flash_size: () => flash.length,
    flash_read: readFlash,
    flash_write: writeFlash,
    flash_erase: eraseFlash,
    net_status: () => netStatus,
    tcp_status: () => tcpStatus,
    tcp_write(_handle, pointer, length) {
      outgoing.push(...view(pointer, length));
      return length;
    },
    tcp_read(_handle, pointer, capacity) {
      if (incoming.length === 0) return readError;
      const bytes = incoming.splice(0, Math.min(capacity, readMax));
      view(pointer, bytes.length).set(bytes);
      return bytes.length;
    },
    log(_level, pointer, length) {
      lastLog = view(pointer, length).slice();
      return 0;
    },
  };

  const stage = {
    resetStage: reset,
    setClockMs(value) {
      clockMs = value;
    },
    setUnixS(value) {
      unixS = value;
    },
    /** The next random bytes; a seeded sequence follows them. */
    putRandom(pointer, length) {
      randomBytes.push(...view(pointer, length));
    },
    putFlash(offset, pointer, length) {
      write(flash, offset, pointer, length);
      weak.fill(0, offset, offset + length);
    },
    takeFlash: (offset, pointer, length) => void read(flash, offset, pointer, length),
    setFlashWords(value) {
      flashWords = value < 0 ? Number.POSITIVE_INFINITY : value;
    },
    setFlashBytes,
    setTearSeed(value) {
      tearSeed = value;
    },
    isCut: () => (flashWords < 0 ? 1 : 0),
    keepFlash() {
      kept = [flash.slice(), weak.slice()];
    },
    bringBackFlash() {
      flash.set(kept[0]);
      weak.set(kept[1]);
    },
    setStuck(offset, mask) {
      stuck.set(offset, mask);
    },
    setResetReason(value) {
      resetReason = value;
    },
    restarts: () => restarts,
    setNetStatus(value) {
      netStatus = value;
    },
    setTcpStatus(value) {
      tcpStatus = value;
    },
    takeOutgoing(pointer) {
      const bytes = outgoing.splice(0);
      view(pointer, bytes.length).set(bytes);
      return bytes.length;
    },
    putRtc: (offset, pointer, length) => void write(rtc, offset, pointer, length),
    takeRtc: (offset, pointer, length) => void read(rtc, offset, pointer, length),
    /** Bytes that the peer sends. */
    putIncoming(pointer, length) {
      for (const byte of view(pointer, length)) incoming.push(byte);
    },
    /** Most bytes that one tcp_read gives. */
    setReadMax(value) {
      readMax = value;
    },
    /** What tcp_read answers once no byte is waiting. */
    setReadError(value) {
      readError = value;
    },
    incomingBytes: () => incoming.length,
    takeLog(pointer) {
      view(pointer, lastLog.length).set(lastLog);
      return lastLog.length;
    },
  };

  return {
    host: { ...SILENT, ...host, ...images.host, ...serial.host },
    stage: { ...stage, ...images.stage, ...serial.stage },
  };
}
