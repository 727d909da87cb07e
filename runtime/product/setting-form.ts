/**
 * Numbers that stand for times, digit by digit, as devices take them (ShopSetting in contract/config-record.ts): bounds alone let
 * through hours of 99 minutes and changes in a thirteenth month, with which a shop would be open at the wrong time.
 */

export const SETTING_FORMS = ["opening-hours", "daylight-saving"] as const;
export type SettingForm = (typeof SETTING_FORMS)[number];

/** What is wrong with the items, as the end of a sentence; undefined: nothing. */
export function formFault(form: SettingForm, items: readonly number[]): string | undefined {
  if (form === "daylight-saving" && items.length === 1) return "needs both, begin and end, or neither";
  const at = items.findIndex((item, index) =>
    form === "opening-hours" ? !isSpan(item) : !isChange(item, index === 0 ? 0 : 1),
  );
  if (at < 0) return undefined;
  const example =
    form === "opening-hours"
      ? "opening * 10000 + closing: 9002030 is 9:00 to 20:30, 2400 all day, 0 closed"
      : "month * 10000 + week * 1000 + weekday * 100 + hour: 35002, the end not at hour 0";
  return `has ${items[at]} as number ${at + 1}, which is none of these: ${example}`;
}

function isSpan(span: number): boolean {
  const [opens, closes] = [Math.floor(span / 10_000), span % 10_000];
  return isTime(opens) && opens < 2400 && isTime(closes);
}

/** From 0 to 2400, as hours * 100 + minutes. */
function isTime(time: number): boolean {
  return time <= 2400 && time % 100 < 60;
}

function isChange(rule: number, leastHour: number): boolean {
  const digits = (unit: number, count: number) => Math.floor(rule / unit) % 10 ** count;
  const [month, week, weekday, hour] = [digits(10_000, 2), digits(1000, 1), digits(100, 1), digits(1, 2)];
  return month >= 1 && month <= 12 && week >= 1 && week <= 5 && weekday <= 6 && hour >= leastHour && hour <= 23;
}
