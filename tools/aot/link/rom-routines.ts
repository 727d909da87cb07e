/**
 * Arithmetic that the ESP8266 mask ROM has, under the routine names of tools/aot/routines: libgcc's functions, so operands
 * and results are words as ours (low first, from a2 up). Addresses are known from linker scripts and disassembly, not
 * from a datasheet. `__divsf3`, `__modsi3`, `__moddi3` and comparisons of floating-point numbers are not in the ROM;
 * `__fix...` are left out because what they give outside the integer's range is not known.
 *
 * Where the result is no NaN it is the one and only that IEEE 754 allows. Of a NaN nothing but that it is one may be
 * relied on: libgcc of the ROM's time hands on a signalling NaN as it came, where WebAssembly wants it quiet.
 */

export interface RomRoutine {
  address: number;
  name: string;
}

export const ROM_ROUTINES: ReadonlyMap<string, RomRoutine> = new Map([
  ["i32_mul_wide_u", { address: 0x4000dcf0, name: "__umulsidi3" }],
  ["i32_div_s", { address: 0x4000dc88, name: "__divsi3" }],
  ["i32_div_u", { address: 0x4000e21c, name: "__udivsi3" }],
  ["i32_rem_u", { address: 0x4000e268, name: "__umodsi3" }],
  ["i64_mul", { address: 0x40000650, name: "__muldi3" }],
  ["i64_div_s", { address: 0x4000ce60, name: "__divdi3" }],
  ["i64_div_u", { address: 0x4000d310, name: "__udivdi3" }],
  ["i64_rem_u", { address: 0x4000d770, name: "__umoddi3" }],
  ["f32_add", { address: 0x4000c180, name: "__addsf3" }],
  ["f32_sub", { address: 0x4000c268, name: "__subsf3" }],
  ["f32_mul", { address: 0x4000c3dc, name: "__mulsf3" }],
  ["f64_add", { address: 0x4000c538, name: "__adddf3" }],
  ["f64_sub", { address: 0x4000c688, name: "__subdf3" }],
  ["f64_mul", { address: 0x4000c8f0, name: "__muldf3" }],
  ["f64_div", { address: 0x4000cb94, name: "__divdf3" }],
  ["f32_from_i32_s", { address: 0x4000e2ac, name: "__floatsisf" }],
  ["f32_from_i32_u", { address: 0x4000e2a4, name: "__floatunsisf" }],
  ["f64_from_i32_s", { address: 0x4000e2f0, name: "__floatsidf" }],
  ["f64_from_i32_u", { address: 0x4000e2e8, name: "__floatunsidf" }],
  ["f64_from_f32", { address: 0x4000cdfc, name: "__extendsfdf2" }],
  ["f32_from_f64", { address: 0x4000cd5c, name: "__truncdfsf2" }],
]);
