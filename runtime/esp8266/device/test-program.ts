/**
 * For the tests of this room: a native program written by hand, as assembly and as what Debian's xtensa-lx106-elf-as makes
 * of it, so that the tests need no tools; one of them compares the two where the assembler is installed.
 *
 * It tells what happens by `say`, a log line of one digit. What a poll does is chosen by the analogue input (Case).
 */
import { FLASH_SLOT_A_OFFSET } from "../../contract/flash-map.ts";
import { HOST_FUNCTIONS } from "../../contract/host-functions.ts";
import { NATIVE_IMAGE_MAGIC, PROGRAM_RAM_ADDRESS } from "../../contract/native-image.ts";

/** Values of the analogue input. */
export enum Case {
  /** Says the number of the poll, asks for ten times as many milliseconds. */
  Count = 0,
  IllegalInstruction = 1,
  EndlessLoop = 2,
  Restart = 3,
  SleepFiveSeconds = 4,
  NullPointer = 5,
  EndlessRecursion = 6,
  /** Says the results of `log` for pointers at borders, without the sign. */
  Pointers = 7,
  HeapGrows = 8,
  /** 1.5 s by ets_delay_us. */
  SlowPoll = 9,
  ByteFromFlash = 10,
  UnknownRom = 11,
  /** Logs the MAC address, which the host writes into RAM. */
  Mac = 12,
  /** Writes far below the stack. */
  WildWrite = 13,
  /** Runs slot A when it is the boot program; counts in a slot. */
  RunSlotA = 14,
  /** Erases the first sector of slot A. */
  Erase = 15,
}

/** What `start` says when RAM still holds what an earlier run left there. */
export const SAID_RAM_IS_KEPT = 8;

const hostSlots = HOST_FUNCTIONS.map((fn, slot) => `.set HOST_${fn.name.toUpperCase()}, ${4 * slot}`);

/** One instruction a line; `.word` literals stand before the code that loads them. */
export const TEST_PROGRAM_SOURCE: readonly string[] = [
  ...hostSlots,
  `.set RAM, ${PROGRAM_RAM_ADDRESS}`,
  `.set SLOT_A, ${FLASH_SLOT_A_OFFSET}`,
  ...`
  .set POLLS, 0x100
  .set TEXT, 0x104
  .set HEAP, 0x10c
  .set KEPT, 0x180
  image:
  .word ${NATIVE_IMAGE_MAGIC}
  .word end - image
  .word 0x200
  .word init - image
  .word start - image
  .word poll - image
  .word heap_used - image
  .word heap_limit - image
  ram: .word RAM
  ram_end: .word RAM + 0x200
  kept: .word 0x0600d600d
  rom_delay: .word 0x40002ecc
  rom_unknown: .word 0x40001000
  delay_us: .word 1500000
  cases: .word case_count - image, case_ill - image, case_loop - image, case_restart - image
  .word case_sleep - image, case_null - image, case_recursion - image, case_pointers - image
  .word case_heap - image, case_slow - image, case_byte - image, case_rom - image
  .word case_mac - image, case_wild - image, case_run - image, case_erase - image
  slot_a: .word SLOT_A

  .align 4
  init:
  l32r a8, ram
  movi a2, 0
  s32i a2, a8, POLLS
  movi a2, 64
  s32i a2, a8, HEAP
  ret

  .align 4
  heap_used:
  l32r a2, ram
  l32i a2, a2, HEAP
  ret

  .align 4
  heap_limit:
  movi a2, 1024
  ret

  # says the digit in a2
  .align 4
  say:
  l32r a8, ram
  addi a2, a2, 48
  movi a3, TEXT
  add a3, a8, a3
  s8i a2, a3, 0
  movi a2, 2
  movi a4, 1
  l32i a8, a8, HOST_LOG
  jx a8

  .align 4
  start:
  addi a1, a1, -16
  s32i a0, a1, 0
  l32r a8, ram
  l32i a9, a8, KEPT
  l32r a10, kept
  s32i a10, a8, KEPT
  bne a9, a10, fresh
  movi a2, ${SAID_RAM_IS_KEPT}
  call0 say
  fresh:
  l32r a8, ram
  l32i a8, a8, HOST_RESET_REASON
  callx0 a8
  call0 say
  movi a2, 4
  movi a3, 3
  movi a4, 0
  l32r a8, ram
  l32i a8, a8, HOST_PIN_WATCH
  callx0 a8
  l32i a0, a1, 0
  addi a1, a1, 16
  ret

  .align 4
  poll:
  addi a1, a1, -16
  s32i a0, a1, 0
  s32i a12, a1, 4
  l32r a12, ram
  l32i a8, a12, HOST_ADC_READ
  callx0 a8
  l32i a9, a12, 252
  movi a8, cases - image
  add a8, a8, a9
  addx4 a8, a2, a8
  l32i a8, a8, 0
  add a8, a8, a9
  callx0 a8
  l32i a12, a1, 4
  l32i a0, a1, 0
  addi a1, a1, 16
  ret

  .align 4
  case_count:
  addi a1, a1, -16
  s32i a0, a1, 0
  l32i a2, a12, POLLS
  addi a2, a2, 1
  s32i a2, a12, POLLS
  call0 say
  l32i a2, a12, POLLS
  addx4 a2, a2, a2
  slli a2, a2, 1
  l32i a0, a1, 0
  addi a1, a1, 16
  ret

  .align 4
  case_ill:
  nop
  trap_site:
  ill

  .align 4
  case_loop:
  j case_loop

  .align 4
  case_restart:
  movi a2, 7
  l32i a8, a12, HOST_RESTART
  jx a8

  .align 4
  case_sleep:
  movi a2, 1250
  slli a2, a2, 2
  l32i a8, a12, HOST_SLEEP_DEEP
  jx a8

  .align 4
  case_null:
  movi a2, 0
  l32i a2, a2, 8
  ret

  .align 4
  case_recursion:
  addi a1, a1, -16
  s32i a0, a1, 0
  call0 case_recursion

  # says the negated result of log(2, a3, a4)
  .align 4
  try:
  addi a1, a1, -16
  s32i a0, a1, 0
  movi a2, 2
  l32i a8, a12, HOST_LOG
  callx0 a8
  neg a2, a2
  call0 say
  l32i a0, a1, 0
  addi a1, a1, 16
  ret

  .align 4
  case_pointers:
  addi a1, a1, -16
  s32i a0, a1, 0
  l32r a3, ram_end
  movi a4, 1
  call0 try
  addi a3, a12, 127
  addi a3, a3, 127
  movi a4, 1
  call0 try
  movi a3, 0
  movi a4, 1
  call0 try
  movi a3, 0
  movi a4, 0
  call0 try
  movi a3, -16
  movi a4, 32
  call0 try
  l32r a3, ram_end
  movi a4, -1
  call0 try
  movi a2, 1000
  l32i a0, a1, 0
  addi a1, a1, 16
  ret

  .align 4
  case_heap:
  l32i a2, a12, HEAP
  addi a2, a2, 16
  s32i a2, a12, HEAP
  movi a2, 1000
  ret

  .align 4
  case_slow:
  addi a1, a1, -16
  s32i a0, a1, 0
  l32r a2, delay_us
  l32r a8, rom_delay
  callx0 a8
  movi a2, 1000
  l32i a0, a1, 0
  addi a1, a1, 16
  ret

  .align 4
  case_byte:
  l32i a8, a12, 252
  l8ui a2, a8, 1
  ret

  .align 4
  case_rom:
  l32r a8, rom_unknown
  jx a8

  .align 4
  case_mac:
  addi a1, a1, -16
  s32i a0, a1, 0
  movi a2, TEXT
  add a2, a2, a12
  l32i a8, a12, HOST_CHIP_MAC
  callx0 a8
  movi a3, TEXT
  add a3, a3, a12
  movi a2, 2
  movi a4, 6
  l32i a8, a12, HOST_LOG
  callx0 a8
  movi a2, 1000
  l32i a0, a1, 0
  addi a1, a1, 16
  ret

  .align 4
  case_wild:
  l32r a8, ram_end
  s32i a8, a8, 64
  movi a2, 1000
  ret

  .align 4
  case_run:
  addi a1, a1, -16
  s32i a0, a1, 0
  l32i a8, a12, HOST_SLOT
  callx0 a8
  bnei a2, 2, in_slot
  l32r a2, slot_a
  l32i a8, a12, HOST_IMAGE_RUN
  callx0 a8
  movi a2, 9
  call0 say
  in_slot:
  l32i a0, a1, 0
  addi a1, a1, 16
  j case_count

  .align 4
  case_erase:
  l32r a2, slot_a
  l32i a8, a12, HOST_FLASH_ERASE
  jx a8
  .align 4
  end:`
    .split("\n")
    .map((line) => line.trim()),
];

/** Where the instruction of Case.IllegalInstruction stands, after a nop. */
export const TRAP_OFFSET = 0x15f;

const HEX = `
  4c583101b4020000000200007c000000c000000004010000900000009c0000000080fe3f0082fe3f0d600d60cc2e00400010004060e31600
  380100005c010000640100006801000074010000800100008c010000b80100000402000014020000300200003c0200004402000074020000
  80020000a802000000c0000081e9ff22a00022684022a040226843800000000021e4ff22224380000000000022a400800000000081dfff22
  c23032a10430388022430022a00242a00182282da008000012c1f002610081d6ff922860a1d7ffa26860a7990522a00885fcff81d1ff8228
  06c00800c5fbff22a00432a00342a00081ccff82280dc0080002210012c110800000000012c1f0026100c26101c1c4ff822c10c00800922c
  3f82a0389088808082a0822800908880c00800c2210102210012c1108000000012c1f0026100222c4022c201226c40c5f5ff222c402022a0
  f0221102210012c110800000f02000000000000006ffff0022a007822c04a0080000000022a4e2e02211822c05a0080022a0002222028000
  0000000012c1f002610085ffff00000012c1f002610022a002822c2dc0080020206085efff02210012c110800000000012c1f00261003199
  ff42a00105fdff32cc7f32c37f42a00145fcff32a00042a001c5fbff32a00042a00045fbff32aff042a020c5faff318dff42afff05faff22
  a3e802210012c11080000000222c4322c210226c4322a3e88000000012c1f00261002186ff8183ffc0080022a3e802210012c11080000000
  822c3f220801800000000000817dffa00800000012c1f002610022a104c02280822c28c0080032a104c0338022a00242a006822c2dc00800
  22a3e802210012c110800000816cff82681022a3e880000012c1f0026100822c2bc0080066220e217aff822c2cc0080022a00985e0ff0221
  0012c11006a4ff002174ff822c16a00800000000`;

export const TEST_PROGRAM = Uint8Array.from(Buffer.from(HEX.replace(/\s/g, ""), "hex"));
