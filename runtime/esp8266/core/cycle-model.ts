/**
 * What instructions cost, in CPU cycles. The one place for these numbers.
 *
 * Known: one instruction a cycle, five stages; a load or a multiplication has its result a cycle later than other
 * instructions, so that an instruction right behind it that needs the result waits one cycle (Xtensa LX pipeline; gcc's
 * xtensa.md gives latency 2 to both). Assumed: a taken branch, jump, call or return loses the two instructions already
 * fetched, an exception three cycles, as in the five-stage pipeline of the LX family.
 *
 * The wait is charged to the load, by looking at the instruction that follows it in memory: cost is then a property of
 * an address and not of the way there. The line of an instruction in the flash cache is the line of its first byte.
 */
export const INSTRUCTION_CYCLES = 1;
export const INTERLOCK_CYCLES = 1;
export const TAKEN_CYCLES = 2;
export const EXCEPTION_CYCLES = 3;
/**
 * A line from flash. 85 to 90 clocks of 40 MHz were seen at the pins for one line with four data lines (nerdralph.blogspot.com,
 * 2015-03-30): 88 clocks are 176 cycles of 80 MHz.
 */
export const CACHE_MISS_CYCLES = 176;
