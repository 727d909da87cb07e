/**
 * What a program knows of its settings, so that it can refuse a configuration before it is written: a table of words,
 * SETTING_WORDS for each setting. It is generated from product.json (firmware/<product>/settings.ts), where the rest is:
 * names, units, defaults, texts for people.
 *
 * | word | what |
 * |---|---|
 * | 0 | key in bits 0 to 7, SettingKind in bits 8 to 15, most items of a list in bits 16 to 23 |
 * | 1 | least value; of a text or bytes: least length, bytes |
 * | 2 | greatest value; of a text or bytes: greatest length, bytes |
 * | 3 | a value beside those, which means none; without one, the least again |
 */
export const SETTING_WORDS = 4;
export const SETTING_KIND_SHIFT = 8;
export const SETTING_ITEMS_SHIFT = 16;
export const SETTING_KEY_MAX = 255;
export const SETTING_ITEMS_MAX = 255;

/** How a setting is encoded: one CBOR item. A number is never reused. */
export enum SettingKind {
  /** true or false */
  Boolean = 0,
  /** integer, 32 bits with sign */
  Integer = 1,
  Text = 2,
  Bytes = 3,
  /** array of integers */
  Integers = 4,
  /** array of texts */
  Texts = 5,
}
