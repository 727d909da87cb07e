/** Alert rules as they are kept: made and changed. What follows from that for alerts is their ledger's. */
import type { AlertRequest } from "../events/alert-requests.ts";
import type { RuleBody } from "../events/alert-rules.ts";
import { ALERT_RULES_MAX } from "../limits.ts";
import type { StoreAnswer } from "../updates/store-requests.ts";
import type { prepareAlerts } from "./alert-rows.ts";

type Of<Kind extends AlertRequest["kind"]> = Extract<AlertRequest, { kind: Kind }>;

export class RuleShelf {
  readonly #sql: ReturnType<typeof prepareAlerts>;

  constructor(sql: ReturnType<typeof prepareAlerts>) {
    this.#sql = sql;
  }

  add({ organisation, name, body, channels, isEnabled, atMs }: Of<"addRule">): StoreAnswer {
    if (this.#sql.ruleByName.get(organisation, name) !== undefined) return { outcome: "existed" };
    if ((this.#sql.countRules.get(organisation)?.count ?? 0) >= ALERT_RULES_MAX) return { outcome: "tooMany" };
    if (!this.#areOwn(organisation, channels)) return { outcome: "channelUnknown" };
    const values = [organisation, name, JSON.stringify(body), Number(isEnabled), atMs] as const;
    const id = Number(this.#sql.addRule.run(...values).lastInsertRowid);
    for (const channel of channels) this.#sql.addChannel.run(id, channel);
    return { outcome: "done", id };
  }

  /** `onOther` is called before a rule asks for something else. */
  change(request: Of<"changeRule">, onOther: () => void): StoreAnswer {
    const { rule, version, name, body, channels, isEnabled } = request;
    const before = this.#sql.rule.get(rule);
    if (before === undefined) return { outcome: "ruleUnknown" };
    if (version !== null && version !== before.version) return { outcome: "changedMeanwhile" };
    if (name !== undefined) {
      const other = this.#sql.ruleByName.get(before.organisation, name);
      if (other !== undefined && other.id !== rule) return { outcome: "existed" };
    }
    if (channels !== undefined && !this.#areOwn(before.organisation, channels)) return { outcome: "channelUnknown" };
    // Here, where nobody comes in between: of two changes at once each has its part.
    const wanted = JSON.stringify({ ...(JSON.parse(before.body) as RuleBody), ...body });
    const isOther = wanted !== before.body || (isEnabled !== undefined && Number(isEnabled) !== before.isEnabled);
    if (isOther) onOther();
    this.#sql.changeRule.run({
      rule,
      name: name ?? null,
      body: wanted,
      isEnabled: isEnabled === undefined ? null : Number(isEnabled),
    });
    if (channels !== undefined) {
      this.#sql.dropChannels.run(rule);
      for (const channel of channels) this.#sql.addChannel.run(rule, channel);
    }
    return { outcome: "done" };
  }

  #areOwn(organisation: number, channels: readonly number[]): boolean {
    return channels.every((channel) => this.#sql.ownsChannel.get(channel, organisation) !== undefined);
  }
}
