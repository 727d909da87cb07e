/** What a graph reaches outside of itself: the product gives both. */

export interface GraphCalls {
  /** Calls function `rpc` of the sensor or actuator at `address`; false = it did not answer, and the graph goes without. */
  call(address: u32, rpc: u32): bool;
  /** What the last call answered. */
  value(): i32;
}

export interface GraphOutput {
  /** A reading went into a stream: from outside, or from a node. First values of constants are none. */
  pushed(stream: u32, timeS: u32, value: i32): void;
}
