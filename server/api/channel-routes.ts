/** Channels through which people and programs are told of alerts, and what went through them. */
import { randomUUID } from "node:crypto";
import type { Static } from "typebox";
import * as Type from "typebox/type";
import { type ChannelKind, type ChannelSettings, DeliveryState } from "../events/alert-requests.ts";
import { alertTopic } from "../events/alert-topic.ts";
import { urlFault } from "../events/send-webhook.ts";
import { newWebhookSecret } from "../events/webhook-signature.ts";
import { PAGE_DEFAULT_ROWS } from "../limits.ts";
import type { ChannelRow, DeliveryRow } from "../store/alert-reader.ts";
import type { RequestAccess } from "./access-gate.ts";
import type { AlertRouteOptions } from "./alert-routes.ts";
import {
  ChannelBody,
  ChannelChange,
  ChannelParams,
  ChannelSchema,
  ChannelWithSecret,
  DeliverySchema,
  TestSchema,
} from "./alert-schemas.ts";
import { expectedVersion } from "./condition-hook.ts";
import { afterNumber, showTime } from "./device-routes.ts";
import { showVersion } from "./etag-hook.ts";
import { cutPage, decodeNumbers } from "./page-cursor.ts";
import { demandDone } from "./people-outcomes.ts";
import { Problem } from "./problem.ts";
import { OrganisationQuery, PageQuery, PROBLEM_RESPONSES, page } from "./schemas.ts";
import type { ApiApp } from "./typed-app.ts";

const PATH = "/api/v1/channels";
const ONE = `${PATH}/:channel`;

export function addChannelRoutes(app: ApiApp, { alertStore: store, alerts, nowMs }: AlertRouteOptions): void {
  const find = (access: RequestAccess, id: number): ChannelRow => {
    const unknown = () => new Problem("channelUnknown", `no channel ${id}; see ${PATH}`);
    const channel = store.channel(id);
    if (channel === undefined) throw unknown();
    access.judge(channel.organisation, unknown);
    return channel;
  };
  const underTest = new Set<number>();
  const check = (kind: ChannelKind, settings: ChannelSettings) => {
    if (kind === "mail" && !alerts.sendsMail)
      throw new Problem(
        "channelRefused",
        "this server sends no mail: its owner has to start it with --smtp and --mail-from",
      );
    checkSettings(kind, settings, alerts.isPrivateAllowed);
  };

  app.get(
    PATH,
    {
      config: { access: "administer" },
      schema: {
        summary: "Channels through which alerts are told",
        querystring: PageQuery,
        response: { 200: page(ChannelSchema), ...PROBLEM_RESPONSES },
      },
    },
    async ({ query, access }) => {
      const { limit = PAGE_DEFAULT_ROWS } = query;
      const rows = store.channels(afterNumber(query.cursor), limit + 1, access.organisations());
      const { items, next } = cutPage(rows, limit, (row) => [row.id]);
      return { items: items.map(showChannel), next };
    },
  );

  app.post(
    PATH,
    {
      config: { access: "administer" },
      schema: {
        summary: "Makes a channel; rules name the channels through which they tell",
        description:
          "Mail to addresses, a signed POST to a URL (Standard Webhooks), or MQTT messages below lintel/1/alerts/. What happens " +
          "within two minutes is one mail or one POST, and the next comes no sooner than ten minutes later; MQTT tells at once.",
        querystring: OrganisationQuery,
        body: ChannelBody,
        response: { 201: ChannelWithSecret, ...PROBLEM_RESPONSES },
      },
    },
    async ({ query, body, access }, reply) => {
      const { id: organisation } = access.place(query.organisation);
      const { name, kind, ...settings } = body;
      check(kind, settings);
      const secret = kind === "webhook" ? newWebhookSecret() : null;
      const request = { kind: "addChannel", organisation, name, channel: kind, settings, secret } as const;
      const { id = 0 } = demandDone(await alerts.change({ ...request, atMs: nowMs() }));
      const channel = find(access, id);
      reply.code(201).header("location", `${PATH}/${id}`).header("cache-control", "no-store");
      return { ...showChannel(channel), secret };
    },
  );

  app.get(
    ONE,
    {
      config: { access: "administer" },
      schema: { summary: "One channel", params: ChannelParams, response: { 200: ChannelSchema, ...PROBLEM_RESPONSES } },
    },
    async ({ params, access }, reply) => {
      const channel = find(access, params.channel);
      showVersion(reply, channel.version);
      return showChannel(channel);
    },
  );

  app.patch(
    ONE,
    {
      config: { access: "administer" },
      schema: {
        summary: "Changes a channel, disables it, or enables it again",
        params: ChannelParams,
        body: ChannelChange,
        response: { 200: ChannelSchema, ...PROBLEM_RESPONSES },
      },
    },
    async (request, reply) => {
      const { params, body, access } = request;
      const channel = find(access, params.channel);
      const { name, enabled: isEnabled, ...given } = body;
      const settings = Object.keys(given).length === 0 ? undefined : { ...channel.settings, ...given };
      if (settings !== undefined) check(channel.kind, settings);
      const change = { name, settings, isEnabled, version: expectedVersion(request) };
      demandDone(await alerts.change({ kind: "changeChannel", channel: channel.id, ...change }));
      const changed = find(access, channel.id);
      showVersion(reply, changed.version);
      return showChannel(changed);
    },
  );

  app.delete(
    ONE,
    {
      config: { access: "administer" },
      schema: {
        summary: "Deletes a channel, and what waits to go through it",
        params: ChannelParams,
        response: { 204: Type.Null(), ...PROBLEM_RESPONSES },
      },
    },
    async (request, reply) => {
      const { id } = find(request.access, request.params.channel);
      demandDone(await alerts.change({ kind: "deleteChannel", channel: id, version: expectedVersion(request) }));
      return reply.code(204).send(null);
    },
  );

  app.post(
    `${ONE}/secret`,
    {
      config: { access: "administer" },
      schema: {
        summary: "Another secret for a webhook, in place of the one it has",
        params: ChannelParams,
        response: { 200: ChannelWithSecret, ...PROBLEM_RESPONSES },
      },
    },
    async ({ params, access }, reply) => {
      const channel = find(access, params.channel);
      if (channel.kind !== "webhook") throw new Problem("channelRefused", "only webhooks have a secret");
      const secret = newWebhookSecret();
      demandDone(await alerts.change({ kind: "changeChannel", channel: channel.id, secret, version: null }));
      reply.header("cache-control", "no-store");
      return { ...showChannel(find(access, channel.id)), secret };
    },
  );

  app.post(
    `${ONE}/test`,
    {
      config: { access: "administer", takesNoTurn: true },
      schema: {
        summary: "Sends something through the channel now, once, and says what came of it",
        params: ChannelParams,
        response: { 200: TestSchema, ...PROBLEM_RESPONSES },
      },
    },
    async ({ params, access }) => {
      const channel = find(access, params.channel);
      if (underTest.has(channel.id))
        throw new Problem("testUnderWay", "a test of this channel has not ended; wait for it, two minutes at most");
      underTest.add(channel.id);
      try {
        const message = { organisation: channel.slug, time: showTime(nowMs()), alerts: [], leftOut: 0 };
        const error = await alerts.test(channel, { id: randomUUID(), ...message });
        return { delivered: error === null, error };
      } finally {
        underTest.delete(channel.id);
      }
    },
  );

  app.get(
    `${ONE}/deliveries`,
    {
      config: { access: "administer" },
      schema: {
        summary: "What went through a channel, or is to, the newest first",
        params: ChannelParams,
        querystring: PageQuery,
        response: { 200: page(DeliverySchema), ...PROBLEM_RESPONSES },
      },
    },
    async ({ params, query, access }) => {
      const { id } = find(access, params.channel);
      const { limit = PAGE_DEFAULT_ROWS } = query;
      const before = query.cursor === undefined ? Number.MAX_SAFE_INTEGER : (decodeNumbers(query.cursor, 1)[0] ?? 0);
      const { items, next } = cutPage(store.deliveries(id, before, limit + 1), limit, (row) => [row.number]);
      return { items: items.map(showDelivery), next };
    },
  );
}

function checkSettings(kind: ChannelKind, { to, url }: ChannelSettings, isPrivateAllowed: boolean): void {
  const refuse = (detail: string) => new Problem("channelRefused", detail);
  if ((to !== undefined) !== (kind === "mail"))
    throw refuse("a channel of mail, and no other, has `to`: the addresses");
  if ((url !== undefined) !== (kind === "webhook")) throw refuse("a webhook, and no other channel, has `url`");
  const fault = url === undefined ? undefined : urlFault(url, isPrivateAllowed);
  if (fault !== undefined) throw refuse(`the url ${fault}`);
}

function showChannel(row: ChannelRow): Static<typeof ChannelSchema> {
  const { id, slug: organisation, name, kind, settings, disabledWhy } = row;
  return {
    id,
    organisation,
    name,
    kind,
    to: settings.to ?? null,
    url: settings.url ?? null,
    topic: kind === "mqtt" ? alertTopic(organisation) : null,
    enabled: row.isEnabled === 1,
    disabledWhy,
    created: showTime(row.createdMs),
  };
}

const DELIVERY_NAMES = {
  [DeliveryState.Waiting]: "waiting",
  [DeliveryState.Delivered]: "delivered",
  [DeliveryState.GivenUp]: "given-up",
} as const;

function showDelivery(row: DeliveryRow): Static<typeof DeliverySchema> {
  const { id, attempts, error, body } = row;
  return {
    id,
    state: DELIVERY_NAMES[row.state],
    alerts: body.alerts.length + body.leftOut,
    attempts,
    error,
    created: showTime(row.createdMs),
    next: row.dueMs === null ? null : showTime(row.dueMs),
    ended: row.endedMs === null ? null : showTime(row.endedMs),
  };
}
