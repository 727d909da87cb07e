/**
 * For the tests of this room: code for IRAM that uses the hardware itself, as assembly and assembled (see test-program.ts).
 * `main` sends "Hi", drives GPIO2 high, lets FRC1 interrupt it three times and returns the number of interrupts after 200
 * microseconds. `hang` starts the watchdog and loops.
 */
export const BARE_PROGRAM_ADDRESS = 0x40100000;
export const MAIN_ADDRESS = 0x40100100;
export const HANG_ADDRESS = 0x40100200;
export const TIMER_PERIOD_CYCLES = 800;

export const BARE_PROGRAM_SOURCE: readonly string[] = `
  .set INT_FRC1, 1 << 9
  .org 0x30
  j handler
  .org 0x80
  vecbase: .word ${BARE_PROGRAM_ADDRESS}
  rom_tx: .word 0x40003b30
  rom_delay: .word 0x40002ecc
  uart0: .word 0x60000000
  gpio: .word 0x60000300
  frc: .word 0x60000600
  wdt: .word 0x60000900
  dport: .word 0x3ff00000

  handler:
  wsr.excsave1 a2
  rsr.exccause a2
  bnei a2, 4, wrong
  movi a2, INT_FRC1
  wsr.intclear a2
  addi a12, a12, 1
  rsr.excsave1 a2
  rfe
  wrong:
  ill

  .org 0x100
  addi a1, a1, -16
  s32i a0, a1, 0
  l32r a2, vecbase
  wsr.vecbase a2
  movi a2, 72
  l32r a8, rom_tx
  callx0 a8
  l32r a8, uart0
  movi a2, 105
  s32i a2, a8, 0
  l32r a8, gpio
  movi a2, 4
  s32i a2, a8, 0x10
  s32i a2, a8, 0x04
  movi a12, 0
  l32r a8, frc
  movi a2, ${TIMER_PERIOD_CYCLES}
  s32i a2, a8, 0
  movi a2, 0xc0
  s32i a2, a8, 8
  l32r a8, dport
  movi a2, 2
  s32i a2, a8, 4
  movi a2, INT_FRC1
  wsr.intenable a2
  movi a2, 0
  wsr.ps a2
  rsync
  next:
  waiti 0
  blti a12, 3, next
  l32r a8, frc
  movi a2, 0
  s32i a2, a8, 8
  movi a2, 200
  l32r a8, rom_delay
  callx0 a8
  mov a2, a12
  l32i a0, a1, 0
  addi a1, a1, 16
  ret

  .org 0x200
  l32r a8, wdt
  movi a2, 1
  s32i a2, a8, 4
  movi a2, 0
  s32i a2, a8, 8
  movi a2, 1
  s32i a2, a8, 0
  forever:
  j forever`
  .split("\n")
  .map((line) => line.trim());

const HEX = `
  000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000061b000000000000
  0000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000
  0000000000000000000000000000000000001040303b0040cc2e0040000000600003006000060060000900600000f03f20d11320e8036642
  0e22a20020e313c2cc0120d10300300000000000000000000000000000000000000000000000000000000000000000000000000000000000
  000000000000000000000000000000000000000000000000000000000000000012c1f002610021deff20e71322a04881ddffc0080081ddff
  22a06922680081dcff22a004226804226801c2a00081d9ff22a32022680022a0c022680281d8ff22a00222680122a20020e41322a00020e6
  13102000007000a63cf981ceff22a00022680222a0c881c8ffc00800c02c2002210012c11080000000000000000000000000000000000000
  0000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000
  0000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000
  000000000000000081a6ff22a00122680122a00022680222a00122680006ffff`;

export const BARE_PROGRAM = Uint8Array.from(Buffer.from(HEX.replace(/\s/g, ""), "hex"));
