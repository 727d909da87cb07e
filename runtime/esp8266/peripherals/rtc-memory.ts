/**
 * RTC memory, 1 KiB that outlives resets and deep sleep, by words only. The user's 512 bytes begin at 0x60001200 (ESP8266
 * SDK API guide, system_rtc_mem_write: block 64 of four bytes each, counted from 0x60001100); a port holds them, so that
 * the board decides what survives. The rest, which the SDK uses, is kept here.
 */
import type { Peripheral } from "../bus.ts";
import { unknownRegister } from "./unknown-register.ts";

const USER_OFFSET = 0x200;
const WORD_BYTES = 4;

/** The user's part; runtime/board/power.ts is one. The functions return 0, or an error below zero. */
export interface RtcUserMemory {
  rtcRead(offset: number, into: Uint8Array): number;
  rtcWrite(offset: number, bytes: Uint8Array): number;
}

export class RtcMemory implements Peripheral {
  readonly name = "RTC memory";
  readonly address = 0x60001000;
  readonly sizeBytes = 0x400;
  readonly #user: RtcUserMemory;
  readonly #system = new Uint32Array(USER_OFFSET / WORD_BYTES);
  readonly #word = new Uint8Array(WORD_BYTES);
  readonly #wordView = new DataView(this.#word.buffer);

  constructor(user: RtcUserMemory) {
    this.#user = user;
  }

  read(offset: number): number {
    if (offset < USER_OFFSET) return this.#system[offset / WORD_BYTES] as number;
    if (this.#user.rtcRead(offset - USER_OFFSET, this.#word) < 0) {
      throw unknownRegister(this.name, this.address, offset, "read");
    }
    return this.#wordView.getUint32(0, true);
  }

  write(offset: number, value: number): void {
    if (offset < USER_OFFSET) {
      this.#system[offset / WORD_BYTES] = value;
      return;
    }
    this.#wordView.setUint32(0, value, true);
    if (this.#user.rtcWrite(offset - USER_OFFSET, this.#word) < 0) {
      throw unknownRegister(this.name, this.address, offset, "write");
    }
  }
}
