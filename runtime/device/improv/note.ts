/**
 * What a program and boot leave for the next start in RTC memory: the preamble of a packet as the mark, then a byte. Without
 * power it is gone; and it counts only for a start that `restart` has brought about, so a reset leaves provisioning too.
 */
import { ResetReason } from "../../contract/host-abi.ts";
import { RTC_IMPROV_OFFSET } from "../hal/rtc-map.ts";
import { reset_reason, rtc_read, rtc_write } from "../imports/host.ts";
import { ImprovCommand, PREAMBLE_FIRST, PREAMBLE_REST } from "./format.ts";

/** The note that a program leaves. */
export const NOTE_BYTES: u32 = 8;
/** In the place of a command: provisioning is over, and the start that it broke off goes on. */
export const RESUME: u32 = 0xff;
/** The byte behind the preamble, in the second word. */
const TOLD_SHIFT: u32 = 24;
const PREAMBLE_MASK: u32 = (1 << TOLD_SHIFT) - 1;
/** Behind the note, boot's own: starts in a row that went on so. */
const RESUMES_AT: u32 = NOTE_BYTES;
const ALL_BYTES: u32 = RESUMES_AT + 4;
/** More are judged as any start: a program that calls boot without end is on trial no longer than others are. */
const RESUMES_MAX: u32 = 16;

/** Asks boot for provisioning, which begins with this command; `scratch` has NOTE_BYTES. */
export function leaveNote(scratch: usize, command: u32): void {
  store<u32>(scratch, PREAMBLE_FIRST);
  store<u32>(scratch, PREAMBLE_REST | (command << TOLD_SHIFT), 4);
  rtc_write(RTC_IMPROV_OFFSET, scratch, NOTE_BYTES);
}

export class ImprovNote {
  private readonly words: StaticArray<u32> = new StaticArray<u32>(ALL_BYTES >> 2);
  /** An ImprovCommand, as a program heard it; None = no program asked. */
  command: u32 = ImprovCommand.None;
  /** This start goes on where provisioning broke one off. */
  isResumed: bool = false;

  /** Call once, at the start: what is there is used up. */
  take(): void {
    const start = changetype<usize>(this.words);
    const isRead = rtc_read(RTC_IMPROV_OFFSET, start, ALL_BYTES) >= 0;
    const last = load<u32>(start, 4);
    const isNote =
      isRead &&
      reset_reason() == ResetReason.Software &&
      load<u32>(start) == PREAMBLE_FIRST &&
      (last & PREAMBLE_MASK) == PREAMBLE_REST;
    const told = isNote ? last >> TOLD_SHIFT : 0;
    let resumes = isNote ? load<u32>(start, RESUMES_AT) : 0;
    this.isResumed = told == RESUME && resumes < RESUMES_MAX;
    this.command = told == RESUME ? ImprovCommand.None : told;
    if (this.isResumed) resumes++;
    store<u32>(start, 0);
    store<u32>(start, resumes, RESUMES_AT);
    rtc_write(RTC_IMPROV_OFFSET, start, ALL_BYTES);
  }

  /** The next start goes on where this one was broken off. */
  resume(): void {
    leaveNote(changetype<usize>(this.words), RESUME);
  }
}
