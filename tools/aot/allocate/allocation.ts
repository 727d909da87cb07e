/** What the allocator says of a function besides what it writes into it. */
import type { Frame } from "./plan-frame.ts";

export interface Allocation {
  /** Words of the frame for values that found no register. */
  slotCount: number;
  /** Physical registers that the function's own instructions write, saved ones included. */
  usedMask: number;
  frame: Frame;
}
