/**
 * How many phones are around, from the probe requests that they send, without knowing any of them. The host gives a salted
 * hash in place of an address; here it becomes a hash of that hash, with a salt that exists in this memory only and is drawn
 * anew at each start and by `forget`. With the old salt everything that was seen goes: nothing connects what comes before
 * with what comes after. Only sums are told, and those of visits not before there are VISITS_TOLD_MIN of them.
 *
 * A phone counts until it was silent for SEEN_S. The table is exact for CAPACITY phones within that time; beyond, the one
 * that was silent longest is forgotten early, and counted as such. That two of a full table have the same 32 bits of hash
 * happens once in 200,000 tables.
 */
import { SHA256_BYTES } from "../../runtime/contract/image-header.ts";
import { hmac_sha256, random_fill } from "../../runtime/device/index.ts";

export const CAPACITY: i32 = 192;
/** A phone that was silent for longer has gone, seconds. */
export const SEEN_S: u32 = 900;
export const CLASSES = 3;
export const ENDED_SECONDS_OFFSET = 4;
export const ENDED_BYTES = 8;
/** Marks of minutes are seen late by up to a second, and uptimes are whole ones. Nobody is heard in the seconds before a mark. */
const SLACK_S: u32 = 2;

const SALT_BYTES = 16;
const WHO_BYTES = 8;
/** Of a phone: u32 hash, u32 uptime when it was heard last, u16 seconds from the first time to then, u8 strongest signal. */
const LAST_OFFSET = 4;
const SPAN_OFFSET = 8;
const STRENGTH_OFFSET = 10;
const PHONE_BYTES = 12;

const table = memory.data(CAPACITY * PHONE_BYTES, 4);
const salt = memory.data(SALT_BYTES, 4);
const digest = memory.data(SHA256_BYTES, 4);

export class Phones {
  /** Strength as -dBm: at most this is near, at most that in the middle. */
  nearStrength: u32 = 60;
  middleStrength: u32 = 75;
  count: i32 = 0;
  /** Forgotten early. */
  forgotten: u32 = 0;
  /** Visits that have ended, and the seconds that they took, u32 each: near, middle, far. */
  readonly ended: usize = memory.data(CLASSES * ENDED_BYTES, 4);

  /** A phone was heard; `who`: what the host calls it. */
  hear(who: usize, strength: u32, nowS: u32): void {
    hmac_sha256(salt, SALT_BYTES, who, WHO_BYTES, digest);
    const hash = load<u32>(digest);
    let phone = table;
    let oldest = table;
    const end = table + this.count * PHONE_BYTES;
    for (; phone < end; phone += PHONE_BYTES) {
      if (load<u32>(phone) == hash) {
        const span = load<u16>(phone, SPAN_OFFSET) + nowS - load<u32>(phone, LAST_OFFSET);
        store<u16>(phone, <u16>min<u32>(span, 0xffff), SPAN_OFFSET);
        store<u32>(phone, nowS, LAST_OFFSET);
        store<u8>(phone, <u8>min<u32>(strength, load<u8>(phone, STRENGTH_OFFSET)), STRENGTH_OFFSET);
        return;
      }
      // Uptimes do not wrap.
      if (load<u32>(phone, LAST_OFFSET) < load<u32>(oldest, LAST_OFFSET)) oldest = phone;
    }
    if (this.count == CAPACITY) {
      this.forgotten++;
      this.end(oldest);
    }
    phone = table + this.count++ * PHONE_BYTES;
    store<u32>(phone, hash);
    store<u32>(phone, nowS, LAST_OFFSET);
    store<u32>(phone, strength << 16, SPAN_OFFSET);
  }

  /** Phones heard in the last `withinS` seconds. */
  heardWithin(withinS: u32, nowS: u32): i32 {
    let heard = 0;
    for (let i = 0; i < this.count; i++) {
      if (nowS - load<u32>(table + i * PHONE_BYTES, LAST_OFFSET) <= withinS + SLACK_S) heard++;
    }
    return heard;
  }

  /** Ends the visits of those that have gone. */
  sweep(nowS: u32): void {
    for (let i = this.count - 1; i >= 0; i--) {
      const phone = table + i * PHONE_BYTES;
      if (nowS - load<u32>(phone, LAST_OFFSET) > SEEN_S + SLACK_S) this.end(phone);
    }
  }

  /** Ends all visits and draws a new salt. */
  forget(): void {
    while (this.count > 0) this.end(table);
    random_fill(salt, SALT_BYTES);
  }

  /** The last phone of the table takes the place of this one. */
  private end(phone: usize): void {
    const strength = <u32>load<u8>(phone, STRENGTH_OFFSET);
    const kind = strength <= this.nearStrength ? 0 : strength <= this.middleStrength ? 1 : 2;
    const ended = this.ended + kind * ENDED_BYTES;
    store<u32>(ended, load<u32>(ended) + 1);
    store<u32>(ended, load<u32>(ended, ENDED_SECONDS_OFFSET) + load<u16>(phone, SPAN_OFFSET), ENDED_SECONDS_OFFSET);
    memory.copy(phone, table + --this.count * PHONE_BYTES, PHONE_BYTES);
  }
}
