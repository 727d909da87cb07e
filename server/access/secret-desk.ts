/**
 * Gives devices secrets of their own: as a part of their configuration, so each one tries its secret as it tries any
 * configuration, and goes back by itself to what let it in before.
 */
import type { Logger } from "../logger.ts";
import { macToText } from "../mac-address.ts";
import type { ChangeOutcome, ConfigChange, Target } from "../orders/order-desk.ts";
import { makeSecret } from "./secrets.ts";

export interface SecretDeskOptions {
  device: (mac: string) => { id: number; product: string | null } | undefined;
  changeConfig: (target: Target, change: ConfigChange, isWhole: boolean) => Promise<ChangeOutcome>;
  logger: Logger;
}

export class SecretDesk {
  readonly #options: SecretDeskOptions;
  readonly #underWay = new Set<string>();

  constructor(options: SecretDeskOptions) {
    this.#options = options;
  }

  /** A device has said hello that came in by a claim. One that this fails for says hello again. */
  give(mac: number): void {
    const name = macToText(mac);
    if (this.#underWay.has(name)) return;
    this.#underWay.add(name);
    this.renew(name)
      .then((outcome) => {
        if (outcome === undefined || !("faults" in outcome)) return;
        this.#options.logger.error({ device: name, faults: outcome.faults }, "a device cannot be given its own secret");
      })
      .finally(() => this.#underWay.delete(name));
  }

  /** Another secret for the device; undefined: it has never said which product it is. */
  async renew(mac: string): Promise<ChangeOutcome | undefined> {
    const device = this.#options.device(mac);
    if (device === undefined || device.product === null) return undefined;
    const target = { id: device.id, mac, product: device.product };
    return this.#options.changeConfig(target, { connection: { secret: makeSecret("device") } }, false);
  }
}
