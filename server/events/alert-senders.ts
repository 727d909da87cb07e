/** How a message about alerts goes out by each kind of channel. */
import type { AlertDeskOptions } from "./alert-desk.ts";
import { alertTopic } from "./alert-topic.ts";
import { mailOfAlerts, type mailWriter } from "./send-mail.ts";
import { DeliveryError, sendWebhook } from "./send-webhook.ts";

export interface AlertWays {
  /** To subscribers of the broker. */
  tell: (topic: string, text: string) => Promise<void>;
  /** Null: this server sends no mail. */
  writeMail: ReturnType<typeof mailWriter> | null;
  /** Webhooks may go to this machine and its own network too. */
  isPrivateAllowed: boolean;
  nowMs: () => number;
}

export function alertSenders({ tell, writeMail, isPrivateAllowed, nowMs }: AlertWays): AlertDeskOptions["senders"] {
  return {
    webhook: ({ settings, secret }, message) => {
      const { id } = message;
      const webhook = { url: settings.url ?? "", secret: secret ?? "", id, body: JSON.stringify(message) };
      return sendWebhook({ ...webhook, nowMs: nowMs() }, { isPrivateAllowed });
    },
    mqtt: ({ slug }, message) => tell(alertTopic(slug), JSON.stringify(message)),
    mail: async ({ settings }, message) => {
      if (writeMail === null) throw new DeliveryError("this server sends no mail");
      await writeMail({ to: settings.to ?? [], id: message.id, ...mailOfAlerts(message) });
    },
  };
}
