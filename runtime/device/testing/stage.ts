/** What a spec can set up in the host that it runs on (stage-host.js). Call `resetStage` before each test. */

/** Clock and Unix time 0, flash erased, RTC memory zero, nothing to read, the random sequence from its beginning. */
export declare function resetStage(): void;
export declare function setClockMs(value: u32): void;
export declare function setUnixS(value: u32): void;
export declare function putRandom(pointer: usize, length: i32): void;
export declare function putFlash(offset: i32, pointer: usize, length: i32): void;
export declare function putRtc(offset: i32, pointer: usize, length: i32): void;
export declare function putIncoming(pointer: usize, length: i32): void;
export declare function setReadMax(value: i32): void;
export declare function setReadError(value: i32): void;
export declare function incomingBytes(): i32;
/** Copies the last line that was logged to `pointer`; returns its length. */
export declare function takeLog(pointer: usize): i32;
