/**
 * The clock on the shop's wall: an offset to UTC, and where there is one a rule for daylight saving time, in the form of
 * POSIX TZ (`Mm.w.d/h`, IEEE Std 1003.1-2017 8.3): from a weekday of a month at an hour until another. Both hours are
 * those of the wall clock just before it is changed. Daylight saving time is one hour, as everywhere but on Lord Howe Island.
 *
 * Right from March 2000 to February 2100: in between every fourth year is a leap year.
 */
import { ShopSetting } from "../../contract/config-record.ts";
import { Config } from "../config/config.ts";

const DAY_S: u32 = 86400;
/** 2000-03-01, days since 1970: from here on a leap day is the last day of four years. */
const FIRST_OF_MARCH_2000: u32 = 11017;
const FOUR_YEARS_DAYS: u32 = 1461;
const OFFSET_MAX_MIN: i32 = 14 * 60;
/** 12 5 6 23: December, the last Saturday, 23 o'clock. */
const RULE_MAX: i32 = 125623;

export class LocalTime {
  /** What the wall clock is ahead of UTC outside of daylight saving time, minutes. */
  offsetMin: i32 = 0;
  /** month * 10000 + week * 1000 + weekday * 100 + hour; week 5 is the last one, weekday 0 Sunday. 0 = no such rule. */
  daylightBegin: u32 = 0;
  daylightEnd: u32 = 0;

  begin(config: Config): void {
    this.offsetMin = config.setting(ShopSetting.UtcOffsetMin, -OFFSET_MAX_MIN, OFFSET_MAX_MIN, 0);
    this.daylightBegin = config.item(ShopSetting.Daylight, 0, 0, RULE_MAX, 0);
    this.daylightEnd = config.item(ShopSetting.Daylight, 1, 0, RULE_MAX, 0);
  }

  /** Seconds that the wall clock shows, counted since 1970. */
  of(unixS: u32): u32 {
    const standardS = unixS + 60 * this.offsetMin;
    return this.daylightBegin != 0 && this.isDaylight(standardS) ? standardS + 3600 : standardS;
  }

  private isDaylight(standardS: u32): bool {
    const days = standardS / DAY_S;
    // Of a year that begins in March: its months have 31, 30, 31, 30 and 31 days in turn, so their first days are on a line.
    const ofCycle = (days - FIRST_OF_MARCH_2000) % FOUR_YEARS_DAYS;
    const ofYear = ofCycle - 365 * min<u32>(ofCycle / 365, 3);
    const sinceMarch = (5 * ofYear + 2) / 153;
    const first = firstOf(sinceMarch);
    const month = sinceMarch < 10 ? sinceMarch + 3 : sinceMarch - 9;
    const day = ofYear - first + 1;
    // 1970-01-01 was a Thursday.
    const weekdayOfFirst = (days - day + 5) % 7;
    const length = firstOf(sinceMarch + 1) - first;
    const now = minuteOf(month, day, (standardS % DAY_S) / 60);
    const begin = changeOf(this.daylightBegin, 0, month, weekdayOfFirst, length);
    const end = changeOf(this.daylightEnd, 1, month, weekdayOfFirst, length);
    // South of the equator it begins late in a year and ends early in the next.
    return begin < end ? now >= begin && now < end : now >= begin || now < end;
  }
}

/** Days from the first of March to the first of the month that is so many after it. */
function firstOf(sinceMarch: u32): u32 {
  return (153 * sinceMarch + 2) / 5;
}

/** A number that rises with time through a year. */
function minuteOf(month: u32, day: u32, minute: u32): u32 {
  return (32 * month + day) * 1440 + minute;
}

/** When the rule's hour comes, in standard time; only right for the day if that is in `month`. */
function changeOf(rule: u32, aheadH: u32, month: u32, weekdayOfFirst: u32, length: u32): u32 {
  let day: u32 = 1 + ((((rule / 100) % 10) + 7 - weekdayOfFirst) % 7) + 7 * ((rule / 1000) % 10) - 7;
  if (day > length) day -= 7;
  return minuteOf(rule / 10000, rule / 10000 == month ? day : 1, 0) + 60 * ((rule % 100) - aheadH);
}
