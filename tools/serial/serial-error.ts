/** A serial port cannot be used; the message says what to do. */
export class SerialError extends Error {}
