/**
 * What the server asks of a logger: the four calls of pino and of Fastify's logger, fields first. The process decides
 * where lines go; tests pass `silentLogger`.
 */
export interface Logger {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

export const silentLogger: Logger = { debug() {}, info() {}, warn() {}, error() {} };

/**
 * A device that sends rubbish must not fill the disk: at most `perMinute` lines pass each minute, and the first line of
 * the next minute says how many were left out.
 */
export class LimitedLog {
  readonly #logger: Logger;
  readonly #nowMs: () => number;
  readonly #perMinute: number;
  #minute = -1;
  #written = 0;
  #leftOut = 0;

  constructor(logger: Logger, nowMs: () => number, perMinute: number) {
    this.#logger = logger;
    this.#nowMs = nowMs;
    this.#perMinute = perMinute;
  }

  warn(fields: object, message: string): void {
    const minute = Math.floor(this.#nowMs() / 60_000);
    if (minute !== this.#minute) {
      if (this.#leftOut > 0) this.#logger.warn({ leftOut: this.#leftOut }, "log lines left out");
      this.#minute = minute;
      this.#written = 0;
      this.#leftOut = 0;
    }
    if (this.#written >= this.#perMinute) {
      this.#leftOut++;
      return;
    }
    this.#written++;
    this.#logger.warn(fields, message);
  }
}
