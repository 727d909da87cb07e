/** What a trace tells of each instruction. The bytes are in memory; tools/lx106 makes text of them. */
export interface TraceRecord {
  readonly pc: number;
  /** Registers that the instruction changed: number and new value. */
  readonly changed: readonly (readonly [register: number, value: number])[];
}
