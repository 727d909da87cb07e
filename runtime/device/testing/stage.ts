/** What a spec can set up in the host that it runs on (stage-host.js). Call `resetStage` before each test. */

/** Clock and Unix time 0, flash erased, RTC memory zero, nothing to read, the random sequence from its beginning. */
export declare function resetStage(): void;
export declare function setClockMs(value: u32): void;
export declare function setUnixS(value: u32): void;
export declare function putRandom(pointer: usize, length: i32): void;
export declare function putFlash(offset: i32, pointer: usize, length: i32): void;
/** The bytes of flash as they are, weak bits as zeros. */
export declare function takeFlash(offset: i32, pointer: usize, length: i32): void;
/**
 * Power for this many more words of flash (a sector erased counts as one); in the one after them it goes away, which leaves
 * weak bits there, and then nothing more is written. -1 = power for ever.
 */
export declare function setFlashWords(value: i32): void;
/** The power has gone away. */
export declare function isCut(): bool;
/**
 * What a cut leaves: 0 = every bit that was to be cleared is weak; anything else draws which are cleared, weak or as they
 * were, and which bits of a sector whose erase was cut are as they were, weak or ones.
 */
export declare function setTearSeed(value: u32): void;
/** A region of this size, erased. */
export declare function setFlashBytes(bytes: i32): void;
/** Remembers all of flash, and brings it back. */
export declare function keepFlash(): void;
export declare function bringBackFlash(): void;
/** Bits of a byte that can no longer be cleared. */
export declare function setStuck(offset: i32, mask: i32): void;
export declare function setResetReason(value: i32): void;
/** Calls of `restart`, which returns here. */
export declare function restarts(): i32;
/** What net_status answers, and what tcp_status. */
export declare function setNetStatus(value: i32): void;
export declare function setTcpStatus(value: i32): void;
/** Copies what was written to the connection since the last call to `pointer`; returns its length. */
export declare function takeOutgoing(pointer: usize): i32;
export declare function putRtc(offset: i32, pointer: usize, length: i32): void;
export declare function takeRtc(offset: i32, pointer: usize, length: i32): void;
export declare function putIncoming(pointer: usize, length: i32): void;
export declare function setReadMax(value: i32): void;
export declare function setReadError(value: i32): void;
export declare function incomingBytes(): i32;
/** Copies the last line that was logged to `pointer`; returns its length. */
export declare function takeLog(pointer: usize): i32;

/** The slot that the program runs from; at first Slot.A. */
export declare function setSlot(value: i32): void;
export declare function setBoard(value: i32): void;
/** ABI version of the host; at first 1. */
export declare function setAbi(value: i32): void;
/** What `deadline_set` was given last; at first 0. */
export declare function deadlineMs(): i32;
/** The offset that `image_run` was given since the last call; -1 = it was not called. */
export declare function ranOffset(): i32;
/** `image_run` returns, as where there is nothing to run; otherwise it throws. */
export declare function setRunReturns(value: bool): void;
/** Writes public key `index` (0 or 1) of the tests, 64 bytes. */
export declare function putPublicKey(index: i32, pointer: usize): void;
/** Signs bytes with the private one, 64 bytes. */
export declare function signP256(index: i32, pointer: usize, length: i32, out: usize): void;

/** Bytes that come over the serial line, and those that were sent since the last call. */
export declare function putSerial(pointer: usize, length: i32): void;
export declare function takeSerial(pointer: usize): i32;
/** Bytes that the line still takes; -1 = any number. */
export declare function setSerialRoom(bytes: i32): void;
/** The next record that `net_found` gives; while a scan runs it answers Busy. */
export declare function putFound(pointer: usize, length: i32): void;
export declare function setScanning(value: bool): void;
/** Calls of `net_scan`. */
export declare function scans(): i32;
/** Copies name, 0 and passphrase of the last `net_join` since the last call; returns the length, 0 = there was none. */
export declare function takeJoined(pointer: usize): i32;
