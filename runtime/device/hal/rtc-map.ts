/** Who keeps what in RTC memory, bytes from its start. Each record is an RtcRecord: its words and a check. */
/** Starts since power was applied: 1 word. */
export const RTC_BOOTS_OFFSET: u32 = 0;
/** Crashes in a row, and how far the program on trial came: 2 words (update/trial-note.ts). */
export const RTC_TRIAL_OFFSET: u32 = 8;
/** The product's own data begins here, and ends before RTC_IMPROV_OFFSET. */
export const RTC_PRODUCT_OFFSET: u32 = 24;
/** What a program leaves for boot when somebody speaks Improv, and how often boot went back to it: 3 words (improv/note.ts). */
export const RTC_IMPROV_OFFSET: u32 = 500;
