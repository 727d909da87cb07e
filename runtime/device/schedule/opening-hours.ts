/**
 * When the shop is open: for each day of the week one span of time on its wall clock. A span may end after midnight. A board
 * that does not know the time yet, or has no hours, takes the shop for open: what it counts too much can be left out later.
 */
import { ShopSetting } from "../../contract/config-record.ts";
import { Config } from "../config/config.ts";
import { LocalTime } from "./local-time.ts";

const DAYS = 7;
const DAY_MIN: u32 = 1440;
/** From 00:00 to 24:00, as ShopSetting.Hours has it. */
const ALL_DAY = 2400;
const HOURS_MAX = 23592400;

export class OpeningHours {
  isOpen: bool = true;
  readonly local: LocalTime = new LocalTime();
  /** Of each day, from Monday: minute of opening << 16 | minute of closing. */
  private readonly days: StaticArray<u32> = new StaticArray<u32>(DAYS);
  /** When `isOpen` was found, minutes since 1970; 0 = not yet. */
  private minute: u32 = 0;

  begin(config: Config): void {
    this.local.begin(config);
    for (let day = 0; day < DAYS; day++) {
      this.setDay(day, config.item(ShopSetting.Hours, day, 0, HOURS_MAX, ALL_DAY));
    }
  }

  /** `hours`: as ShopSetting.Hours. */
  setDay(day: i32, hours: u32): void {
    unchecked((this.days[day] = (minuteOfDay(hours / 10000) << 16) | minuteOfDay(hours % 10000)));
  }

  /** Looks at the clock; `unixS` 0 = unknown. */
  update(unixS: u32): void {
    if (unixS == 0 || unixS / 60 == this.minute) return;
    this.minute = unixS / 60;
    const minute = this.local.of(unixS) / 60;
    const ofDay = minute % DAY_MIN;
    // 1970-01-01 was a Thursday, day 3.
    const day = (minute / DAY_MIN + 3) % DAYS;
    const today = unchecked(this.days[day]);
    const before = unchecked(this.days[(day + DAYS - 1) % DAYS]);
    const opens = today >> 16;
    const closes = today & 0xffff;
    const isOver = ofDay >= closes && closes >= opens;
    // The span of the day before ends after midnight.
    const isLate = (before & 0xffff) < before >> 16 && ofDay < (before & 0xffff);
    this.isOpen = isLate || (ofDay >= opens && !isOver);
  }
}

/** Of hours and minutes as in 930. */
function minuteOfDay(time: u32): u32 {
  return (time / 100) * 60 + (time % 100);
}
