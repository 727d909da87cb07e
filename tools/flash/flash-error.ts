/** Flashing cannot begin, or did not succeed; the message says what to do. */
export class FlashError extends Error {}
