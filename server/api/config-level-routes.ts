/** Settings of a product for all devices of a project, of an organisation, or of the whole server. */
import type { FastifyReply, FastifyRequest } from "fastify";
import * as Type from "typebox/type";
import type { SettingValue } from "../../runtime/product/setting.ts";
import { CONFIG_LEVELS_MAX } from "../limits.ts";
import type { LevelPlace } from "../orders/config-levels.ts";
import type { ConfigLevelRow } from "../store/config-level-reader.ts";
import type { Access, RequestAccess } from "./access-gate.ts";
import { expectedVersion } from "./condition-hook.ts";
import { showTime } from "./device-routes.ts";
import { showVersion } from "./etag-hook.ts";
import { LevelBody, LevelSchema, ProductName } from "./order-schemas.ts";
import { demandDone } from "./people-outcomes.ts";
import { ProjectParams, SlugParams } from "./people-schemas.ts";
import type { ConfigLevelPort, ConfigLevelStorePort, OrderPort, PeopleStorePort } from "./ports.ts";
import { Problem } from "./problem.ts";
import { PROBLEM_RESPONSES } from "./schemas.ts";
import type { ApiApp } from "./typed-app.ts";

export interface ConfigLevelContext {
  people: PeopleStorePort;
  configLevels: ConfigLevelStorePort;
  changeConfigLevel: ConfigLevelPort["change"];
  orders: Pick<OrderPort, "settingsOf">;
  nowMs: () => number;
}

interface Level {
  /** Of the thing that the level belongs to. */
  path: string;
  params: Record<string, Type.TSchema>;
  of: string;
  read: Access;
  write: Access;
  find: (access: RequestAccess, params: Params) => LevelPlace;
}

interface Params {
  product: string;
  slug?: string;
  project?: number;
}

export function addConfigLevelRoutes(app: ApiApp, context: ConfigLevelContext): void {
  const { people } = context;
  addLevel(app, context, {
    path: "/api/v1/config",
    params: {},
    of: "all devices of this server",
    // Whoever has a device sees what it inherits.
    read: "user",
    write: "server",
    find: () => ({}),
  });
  addLevel(app, context, {
    path: "/api/v1/organisations/:slug/config",
    params: SlugParams.properties,
    of: "all devices of an organisation",
    read: "read",
    write: "operate",
    find: (access, { slug = "" }) => {
      const unknown = () => new Problem("organisationUnknown", `no organisation ${slug}; see /api/v1/organisations`);
      const organisation = people.organisation(slug);
      if (organisation === undefined) throw unknown();
      access.judge(organisation.id, unknown);
      return { organisation: organisation.id };
    },
  });
  addLevel(app, context, {
    path: "/api/v1/projects/:project/config",
    params: ProjectParams.properties,
    of: "all devices of a project",
    read: "read",
    write: "operate",
    find: (access, { project: id = 0 }) => {
      const unknown = () => new Problem("projectUnknown", `no project ${id}; see the projects of your organisations`);
      const project = people.project(id);
      if (project === undefined) throw unknown();
      access.judge(project.organisationId, unknown);
      return { project: id };
    },
  });
}

function addLevel(app: ApiApp, context: ConfigLevelContext, level: Level): void {
  const { configLevels, changeConfigLevel, orders, nowMs } = context;
  const { path, of, find } = level;
  const params = Type.Object({ ...level.params, product: ProductName });
  const response = { 200: LevelSchema, ...PROBLEM_RESPONSES };

  const show = (product: string, row: ConfigLevelRow | undefined) => ({
    product,
    version: row?.version ?? 0,
    settings: row?.settings ?? {},
    resolving: row?.isResolving === 1,
    changed: row === undefined ? null : showTime(row.changedMs),
    schema: orders.settingsOf(product) ?? null,
  });
  const answer = (reply: FastifyReply, place: LevelPlace, product: string) => {
    const shown = show(product, configLevels.level(place, product));
    showVersion(reply, shown.version);
    return shown;
  };
  const change = async (asked: FastifyRequest, reply: FastifyReply, isWhole: boolean) => {
    const { product } = asked.params as Params;
    const place = find(asked.access, asked.params as Params);
    if (orders.settingsOf(product) === undefined)
      throw new Problem(
        "productUnknown",
        `this server does not know what a ${product} can be told; start it with --product and its folder`,
      );
    const { settings } = asked.body as { settings: Record<string, SettingValue | null> };
    const version = expectedVersion(asked);
    const done = await changeConfigLevel({
      kind: "setConfigLevel",
      ...{ place, product, settings, isWhole, version },
      atMs: nowMs(),
    });
    if (done.faults !== undefined) throw new Problem("settingRefused", done.faults.join("; "));
    if (done.outcome === "tooMany")
      throw new Problem("tooMany", `settings of ${CONFIG_LEVELS_MAX} products at most are kept for ${of}`);
    demandDone(done);
    return answer(reply, place, product);
  };

  app.get(
    path,
    {
      config: { access: level.read },
      schema: {
        summary: `Settings that ${of} inherit, by product`,
        params: Type.Object(level.params),
        response: { 200: Type.Object({ items: Type.Array(LevelSchema) }), ...PROBLEM_RESPONSES },
      },
    },
    async (asked) => {
      const place = find(asked.access, asked.params as unknown as Params);
      return { items: configLevels.levels(place).map((row) => show(row.product, row)) };
    },
  );

  app.get(
    `${path}/:product`,
    {
      config: { access: level.read },
      schema: { summary: `Settings of a product that ${of} inherit`, params, response },
    },
    async (asked, reply) => {
      const { product } = asked.params as Params;
      return answer(reply, find(asked.access, asked.params as Params), product);
    },
  );

  app.put(
    `${path}/:product`,
    {
      config: { access: level.write },
      schema: {
        summary: `Sets what ${of} inherit: these settings and no others`,
        description:
          "Device before project before organisation before account. Devices below whose settings come out otherwise are told " +
          "so, some at a time.",
        params,
        body: LevelBody,
        response,
      },
    },
    async (asked, reply) => change(asked as unknown as FastifyRequest, reply as unknown as FastifyReply, true),
  );

  app.patch(
    `${path}/:product`,
    {
      config: { access: level.write },
      schema: {
        summary: `Changes some settings that ${of} inherit`,
        description: "What is not named stays; null takes one away.",
        params,
        body: LevelBody,
        response,
      },
    },
    async (asked, reply) => change(asked as unknown as FastifyRequest, reply as unknown as FastifyReply, false),
  );
}
