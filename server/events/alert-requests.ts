/** What the main thread asks of the writer about rules, alerts, channels and what is delivered through them. */
import type { RuleBody } from "./alert-rules.ts";

export enum AlertState {
  /** Its condition holds, but not for long enough yet; people do not see it. */
  Pending = 0,
  Open = 1,
  Closed = 2,
}

export enum DeliveryState {
  Waiting = 0,
  Delivered = 1,
  GivenUp = 2,
}

/**
 * What due times are to be held against. After a jump all of them are of a clock that was wrong. At a start they are as they were, but
 * for those that are further ahead than anything is put off: the clock was ahead when they were written, or is behind now.
 */
export type ClockNews = "none" | "start" | "jump";

export const CHANNEL_KINDS = ["mail", "webhook", "mqtt"] as const;
export type ChannelKind = (typeof CHANNEL_KINDS)[number];

/** `to` of mail; `url` of a webhook. */
export interface ChannelSettings {
  to?: string[];
  url?: string;
}

/** What a channel tells, as it is sent. Times are ISO 8601. */
export interface AlertMessage {
  id: string;
  organisation: string;
  time: string;
  alerts: Array<{
    alert: number;
    event: "opened" | "closed";
    rule: string;
    device: string | null;
    name: string | null;
    opened: string;
    closed: string | null;
    detail: Record<string, unknown>;
  }>;
  /** Alerts that are not listed. */
  leftOut: number;
}

export interface AlertChannel {
  id: number;
  organisation: number;
  slug: string;
  name: string;
  kind: ChannelKind;
  settings: ChannelSettings;
  /** Of a webhook: whsec_ and the key in base64. */
  secret: string | null;
}

export type AlertRequest =
  | {
      kind: "addRule";
      organisation: number;
      name: string;
      body: RuleBody;
      channels: number[];
      isEnabled: boolean;
      atMs: number;
    }
  /** What is not given stays, also of `body`. `version` null: whatever came before. */
  | {
      kind: "changeRule";
      rule: number;
      name?: string | undefined;
      body: Partial<RuleBody>;
      channels?: number[] | undefined;
      isEnabled?: boolean | undefined;
      version: number | null;
      atMs: number;
    }
  | { kind: "deleteRule"; rule: number; version: number | null; atMs: number }
  | { kind: "acknowledgeAlert"; alert: number; who: string; atMs: number }
  | {
      kind: "addChannel";
      organisation: number;
      name: string;
      channel: ChannelKind;
      settings: ChannelSettings;
      secret: string | null;
      atMs: number;
    }
  | {
      kind: "changeChannel";
      channel: number;
      name?: string | undefined;
      settings?: ChannelSettings | undefined;
      secret?: string | undefined;
      /** True also puts an end to what had made the server disable it. */
      isEnabled?: boolean | undefined;
      version: number | null;
    }
  | { kind: "deleteChannel"; channel: number; version: number | null }
  /** Opens what has lasted long enough, and makes deliveries of what waits. */
  | { kind: "stepAlerts"; atMs: number; clock: ClockNews }
  /** `error` null: it was taken. `retryMs`: when it is tried again; null: it is given up. */
  | { kind: "endDelivery"; delivery: string; error: string | null; retryMs: number | null; atMs: number };
