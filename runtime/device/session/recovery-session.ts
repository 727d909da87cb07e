/**
 * The session of the recovery program: it takes whole images and nothing else. What a product's session does besides would
 * not fit the boot area.
 */
import { BOOT_PRODUCT } from "../../contract/image-header.ts";
import { Config } from "../config/config.ts";
import { Clock } from "../hal/clock.ts";
import { NoQueue } from "../queue/no-queue.ts";
import { UpdateClient } from "../update/update-client.ts";
import { ServerLink } from "./server-link.ts";

export class RecoverySession extends ServerLink {
  constructor(version: string) {
    const update = new UpdateClient(null);
    super(BOOT_PRODUCT, version, new Clock(), new Config(), new NoQueue(), update, 1);
  }

  /** Does what is due; returns the milliseconds until it wants to be called again if nothing happens. */
  poll(): u32 {
    const delayMs = super.poll();
    // The server has answered: the configuration is good.
    if (this.conversation.isWelcome && this.config.onTrial) this.config.confirm();
    return delayMs;
  }
}
