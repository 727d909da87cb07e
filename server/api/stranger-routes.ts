/** Boards that were refused, for operators of the server: they belong to no organisation yet. */
import * as Type from "typebox/type";
import { showTime } from "./device-routes.ts";
import type { ProjectStorePort, RegistrationPort } from "./ports.ts";
import { Problem } from "./problem.ts";
import { findProject } from "./project-ref.ts";
import { check } from "./registration-routes.ts";
import { AdmitBody, DeviceCreated, OrganisationQuery, StrangerSchema } from "./registration-schemas.ts";
import { MacParams, PROBLEM_RESPONSES, page } from "./schemas.ts";
import { deviceSlug } from "./slugs.ts";
import type { ApiApp } from "./typed-app.ts";

export function addStrangerRoutes(app: ApiApp, projects: ProjectStorePort, registrations: RegistrationPort): void {
  app.get(
    "/api/v1/strangers",
    {
      config: { access: "server" },
      schema: {
        summary: "Boards that were refused since the server was started, the last one first",
        response: { 200: page(StrangerSchema), ...PROBLEM_RESPONSES },
      },
    },
    async () => ({
      items: registrations.strangers().map(({ mac, credential, address, firstMs, lastMs, times }) => ({
        ...{ mac, credential, address, times },
        first: showTime(firstMs),
        last: showTime(lastMs),
      })),
      next: null,
    }),
  );

  app.post(
    "/api/v1/strangers/:mac/approve",
    {
      config: { access: "server" },
      schema: {
        summary: "Takes a stranger in",
        description:
          "The board that showed this credential is let in when it comes back within an hour, and is given a secret of its " +
          "own. A board that the server knew, and that has lost its secret, is taken in again like this.",
        params: MacParams,
        querystring: OrganisationQuery,
        body: AdmitBody,
        response: { 200: DeviceCreated, ...PROBLEM_RESPONSES },
      },
    },
    async ({ params: { mac }, query, body, access }) => {
      const project = findProject(access, projects, query.organisation, body.project);
      const all = registrations.strangers().filter((one) => one.mac === mac);
      const [stranger, ...others] = all.filter(
        ({ credential }) => body.credential === undefined || credential === body.credential,
      );
      if (stranger === undefined) {
        throw new Problem(
          "strangerUnknown",
          `${mac} was not refused since the server was started; see /api/v1/strangers`,
        );
      }
      if (others.length > 0) {
        const credentials = all.map(({ credential }) => credential).join(", ");
        throw new Problem("strangerAmbiguous", `several have come as ${mac}: say which credential, of ${credentials}`);
      }
      const answer = await registrations.admit(stranger, project);
      check(answer);
      return { mac, slug: deviceSlug(mac), created: answer.outcome === "done", claimCode: null };
    },
  );

  app.delete(
    "/api/v1/strangers/:mac",
    {
      config: { access: "server" },
      schema: {
        summary: "Forgets a stranger, until it comes again",
        params: MacParams,
        response: { 204: Type.Null(), ...PROBLEM_RESPONSES },
      },
    },
    async ({ params }, reply) => {
      registrations.forgetStranger(params.mac);
      return reply.code(204).send(null);
    },
  );
}
