/** What the simulator gives to the engine: tools/graph/simulate/graph-machine.ts. */

/** Calls; false = no answer. */
export declare function call(address: u32, rpc: u32): bool;
/** What the last call answered. */
export declare function answer(): i32;
export declare function pushed(stream: u32, timeS: u32, value: i32): void;
