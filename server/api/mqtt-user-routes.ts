/** Applications at the broker, as Home Assistant, Node-RED or a dashboard. */
import * as Type from "typebox/type";
import { grantFault, usualGrants } from "../access/grant-shapes.ts";
import type { TopicGrant } from "../access/mqtt-user-requests.ts";
import { PAGE_DEFAULT_ROWS } from "../limits.ts";
import type { MqttUserRow } from "../store/registration-reader.ts";
import type { StoreAnswer } from "../updates/store-requests.ts";
import type { RequestAccess } from "./access-gate.ts";
import { showTime } from "./device-routes.ts";
import { busy } from "./image-routes.ts";
import { cutPage, decodeText } from "./page-cursor.ts";
import type { MqttUserPort } from "./ports.ts";
import { Problem } from "./problem.ts";
import {
  MqttUserParams,
  MqttUserPatch,
  MqttUserSchema,
  MqttUserWithPassword,
  NewMqttUser,
  OrganisationQuery,
} from "./registration-schemas.ts";
import { PageQuery, PROBLEM_RESPONSES, page } from "./schemas.ts";
import type { ApiApp } from "./typed-app.ts";

export function addMqttUserRoutes(app: ApiApp, users: MqttUserPort): void {
  app.get(
    "/api/v1/mqtt-users",
    {
      config: { access: "administer" },
      schema: {
        summary: "Applications that may connect to the broker",
        querystring: PageQuery,
        response: { 200: page(MqttUserSchema), ...PROBLEM_RESPONSES },
      },
    },
    async ({ query, access }) => {
      const { limit = PAGE_DEFAULT_ROWS } = query;
      const after = query.cursor === undefined ? "" : decodeText(query.cursor);
      const { items, next } = cutPage(users.users(after, limit + 1, access.organisations()), limit, ({ name }) => [
        name,
      ]);
      return { items: items.map(show), next };
    },
  );

  app.post(
    "/api/v1/mqtt-users",
    {
      config: { access: "administer" },
      schema: {
        summary: "Gives an application a name and a password at the broker",
        description:
          "Without grants it may read what the organisation's devices and the server say to each other, and read and write " +
          "below app/<slug>/. Devices of other organisations are never shown, whatever it subscribes to; nobody but a device " +
          "and the server writes below lintel/.",
        querystring: OrganisationQuery,
        body: NewMqttUser,
        response: { 201: MqttUserWithPassword, ...PROBLEM_RESPONSES },
      },
    },
    async ({ query, body, access }, reply) => {
      const { id, slug } = access.place(query.organisation);
      const grants = checkGrants(body.grants as TopicGrant[] | undefined, slug);
      const { answer, password } = await users.add(id, body.name, grants);
      if (answer.outcome === "existed") {
        throw new Problem("mqttUserExists", `there is a user ${body.name} at this broker; take another name`);
      }
      check(answer);
      return reply.code(201).send({ ...show(find(users, access, body.name)), password });
    },
  );

  app.patch(
    "/api/v1/mqtt-users/:name",
    {
      config: { access: "administer" },
      schema: {
        summary: "Changes what an application may hear and say; it has to connect again",
        params: MqttUserParams,
        body: MqttUserPatch,
        response: { 200: MqttUserSchema, ...PROBLEM_RESPONSES },
      },
    },
    async ({ params, body, access }) => {
      const { slug } = find(users, access, params.name);
      check(await users.setGrants(params.name, checkGrants(body.grants as TopicGrant[], slug)));
      return show(find(users, access, params.name));
    },
  );

  app.post(
    "/api/v1/mqtt-users/:name/password",
    {
      config: { access: "administer" },
      schema: {
        summary: "Another password for an application, in place of the one it has",
        params: MqttUserParams,
        response: { 200: MqttUserWithPassword, ...PROBLEM_RESPONSES },
      },
    },
    async ({ params, access }) => {
      const user = find(users, access, params.name);
      const { answer, password } = await users.renewPassword(params.name);
      check(answer);
      return { ...show(user), password };
    },
  );

  app.delete(
    "/api/v1/mqtt-users/:name",
    {
      config: { access: "administer" },
      schema: {
        summary: "Shows an application out",
        params: MqttUserParams,
        response: { 204: Type.Null(), ...PROBLEM_RESPONSES },
      },
    },
    async ({ params, access }, reply) => {
      find(users, access, params.name);
      check(await users.delete(params.name));
      return reply.code(204).send(null);
    },
  );
}

function find(users: MqttUserPort, access: RequestAccess, name: string): MqttUserRow {
  const unknown = () => new Problem("mqttUserUnknown", `no MQTT user ${name}; see /api/v1/mqtt-users`);
  const user = users.user(name);
  if (user === undefined) throw unknown();
  access.judge(user.organisation, unknown);
  return user;
}

function show({ name, slug, grants, createdMs }: MqttUserRow) {
  return { name, organisation: slug, grants: [...grants], created: showTime(createdMs) };
}

function checkGrants(grants: readonly TopicGrant[] | undefined, slug: string): TopicGrant[] {
  if (grants === undefined) return usualGrants(slug);
  for (const grant of grants) {
    const fault = grantFault(grant, slug);
    if (fault !== undefined) throw new Problem("topicRefused", `${grant.filter} ${fault}`);
  }
  return [...grants];
}

function check({ outcome }: StoreAnswer): void {
  if (outcome === "done") return;
  if (outcome === "tooManyMqttUsers") throw new Problem("tooManyMqttUsers", "show one out that is not used any more");
  if (outcome === "mqttUserUnknown") throw new Problem("mqttUserUnknown", "it was shown out in this moment");
  throw busy();
}
