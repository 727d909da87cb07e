/**
 * The host of the specs: every function of the host ABI answers 0, but for those that act on what the spec has set up
 * through stage.ts. Byte sources and memories are plain arrays; nothing here checks what the device does.
 */
const FLASH_BYTES = 0x3c000;
const RTC_BYTES = 512;
const OUT_OF_RANGE = -2;

/** `memory` gives the memory of the module under test, which may have grown since the last call. */
export function createStage(memory) {
  const view = (pointer, length) => new Uint8Array(memory().buffer, pointer, length);
  let clockMs = 0;
  let unixS = 0;
  let seed = 1;
  let flash, rtc, incoming, readMax, readError, randomBytes, lastLog;

  function reset() {
    clockMs = 0;
    unixS = 0;
    seed = 1;
    flash = new Uint8Array(FLASH_BYTES).fill(0xff);
    rtc = new Uint8Array(RTC_BYTES);
    incoming = [];
    readMax = 0x7fffffff;
    readError = 0;
    randomBytes = [];
    lastLog = new Uint8Array(0);
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
    rtc_read: (offset, pointer, length) => read(rtc, offset, pointer, length),
    rtc_write: (offset, pointer, length) => write(rtc, offset, pointer, length),
    flash_read: (offset, pointer, length) => read(flash, offset, pointer, length),
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
    putFlash: (offset, pointer, length) => void write(flash, offset, pointer, length),
    putRtc: (offset, pointer, length) => void write(rtc, offset, pointer, length),
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

  return { host: new Proxy(host, { get: (own, name) => own[name] ?? (() => 0) }), stage };
}
