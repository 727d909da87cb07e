/** What people say of devices and projects: tags, properties, where they are. */
import * as Type from "typebox/type";
import type { FactOwner } from "../fleet/fleet-requests.ts";
import { DEVICE_TAGS_MAX, PROPERTIES_MAX } from "../limits.ts";
import type { StoreAnswer } from "../updates/store-requests.ts";
import type { RequestAccess } from "./access-gate.ts";
import { DEVICE_PATH, findDevice, showDevice } from "./device-routes.ts";
import {
  DevicePropertiesSchema,
  PlaceBody,
  ProjectPlaceSchema,
  ProjectPropertiesSchema,
  PropertiesBody,
  TagsBody,
} from "./fleet-schemas.ts";
import { demandDone } from "./people-outcomes.ts";
import { ProjectParams } from "./people-schemas.ts";
import type { FleetPort, FleetStorePort, ProjectStorePort, StorePort } from "./ports.ts";
import { Problem } from "./problem.ts";
import { findProject } from "./project-ref.ts";
import { DeviceSchema, MacParams, PROBLEM_RESPONSES } from "./schemas.ts";
import type { ApiApp } from "./typed-app.ts";

export interface FactContext {
  store: StorePort;
  projects: ProjectStorePort;
  fleets: FleetStorePort;
  changeFleets: FleetPort;
  nowMs: () => number;
}

export function addDeviceFactRoutes(app: ApiApp, { store, projects, fleets, changeFleets, nowMs }: FactContext): void {
  const ofProject = (access: RequestAccess, project: number) => ({
    project: findProject(access, projects, undefined, project),
  });
  const show = (access: RequestAccess, mac: string) => showDevice(findDevice(store, access, mac));

  app.patch(
    "/api/v1/devices/:mac/tags",
    {
      config: { access: "operate", heldAgainst: DEVICE_PATH },
      schema: {
        summary: "Puts tags on a device, takes others off",
        params: MacParams,
        body: TagsBody,
        response: { 200: DeviceSchema, ...PROBLEM_RESPONSES },
      },
    },
    async ({ params, body, access }) => {
      const { id } = findDevice(store, access, params.mac);
      const { add = [], remove = [] } = body;
      const both = add.filter((tag) => remove.includes(tag));
      if (both.length > 0) throw new Problem("badRequest", `${both.join(", ")}: either put on or taken off`);
      const tags = { device: id, add: [...new Set(add)], remove };
      demand(await changeFleets({ kind: "changeTags", ...tags, atMs: nowMs() }), DEVICE_TAGS_MAX);
      return show(access, params.mac);
    },
  );

  const showProperties = (id: number, project: number | null) => {
    const properties = fleets.properties({ device: id });
    const others = Object.entries(project === null ? {} : fleets.properties({ project }));
    return { properties, inherited: Object.fromEntries(others.filter(([name]) => !Object.hasOwn(properties, name))) };
  };
  const setProperties = async (owner: FactOwner, values: Record<string, string | null>) => {
    demand(await changeFleets({ kind: "changeProperties", owner, values }), PROPERTIES_MAX);
  };

  app.get(
    "/api/v1/devices/:mac/properties",
    {
      config: { access: "read" },
      schema: {
        summary: "Properties of a device, and those of its project",
        params: MacParams,
        response: { 200: DevicePropertiesSchema, ...PROBLEM_RESPONSES },
      },
    },
    async ({ params, access }) => {
      const { id, projectId } = findDevice(store, access, params.mac);
      return showProperties(id, projectId);
    },
  );

  app.patch(
    "/api/v1/devices/:mac/properties",
    {
      config: { access: "operate" },
      schema: {
        summary: "Sets properties of a device; what is not named stays",
        params: MacParams,
        body: PropertiesBody,
        response: { 200: DevicePropertiesSchema, ...PROBLEM_RESPONSES },
      },
    },
    async ({ params, body, access }) => {
      const { id, projectId } = findDevice(store, access, params.mac);
      await setProperties({ device: id }, body.properties);
      return showProperties(id, projectId);
    },
  );

  app.get(
    "/api/v1/projects/:project/properties",
    {
      config: { access: "read" },
      schema: {
        summary: "Properties of a project, which its devices inherit",
        params: ProjectParams,
        response: { 200: ProjectPropertiesSchema, ...PROBLEM_RESPONSES },
      },
    },
    async ({ params, access }) => ({ properties: fleets.properties(ofProject(access, params.project)) }),
  );

  app.patch(
    "/api/v1/projects/:project/properties",
    {
      config: { access: "operate" },
      schema: {
        summary: "Sets properties of a project; what is not named stays",
        params: ProjectParams,
        body: PropertiesBody,
        response: { 200: ProjectPropertiesSchema, ...PROBLEM_RESPONSES },
      },
    },
    async ({ params, body, access }) => {
      const owner = ofProject(access, params.project);
      await setProperties(owner, body.properties);
      return { properties: fleets.properties(owner) };
    },
  );

  app.put(
    "/api/v1/devices/:mac/location",
    {
      config: { access: "operate", heldAgainst: DEVICE_PATH },
      schema: {
        summary: "Says where a device is",
        params: MacParams,
        body: PlaceBody,
        response: { 200: DeviceSchema, ...PROBLEM_RESPONSES },
      },
    },
    async ({ params, body: { name = null, ...point }, access }) => {
      const { id } = findDevice(store, access, params.mac);
      demandDone(await changeFleets({ kind: "setPlace", owner: { device: id }, place: { ...point, name } }));
      return show(access, params.mac);
    },
  );

  app.delete(
    "/api/v1/devices/:mac/location",
    {
      config: { access: "operate", heldAgainst: DEVICE_PATH },
      schema: {
        summary: "Leaves the device where its project is",
        params: MacParams,
        response: { 204: Type.Null(), ...PROBLEM_RESPONSES },
      },
    },
    async ({ params, access }, reply) => {
      const { id } = findDevice(store, access, params.mac);
      demandDone(await changeFleets({ kind: "setPlace", owner: { device: id }, place: null }));
      return reply.code(204).send(null);
    },
  );

  app.get(
    "/api/v1/projects/:project/location",
    {
      config: { access: "read" },
      schema: {
        summary: "Where a project is, and so its devices that have no place of their own",
        params: ProjectParams,
        response: { 200: ProjectPlaceSchema, ...PROBLEM_RESPONSES },
      },
    },
    async ({ params, access }) => ({ location: fleets.placeOfProject(ofProject(access, params.project).project) }),
  );

  app.put(
    "/api/v1/projects/:project/location",
    {
      config: { access: "operate" },
      schema: {
        summary: "Says where a project is",
        params: ProjectParams,
        body: PlaceBody,
        response: { 200: ProjectPlaceSchema, ...PROBLEM_RESPONSES },
      },
    },
    async ({ params, body: { name = null, ...point }, access }) => {
      const owner = ofProject(access, params.project);
      demandDone(await changeFleets({ kind: "setPlace", owner, place: { ...point, name } }));
      return { location: fleets.placeOfProject(owner.project) };
    },
  );

  app.delete(
    "/api/v1/projects/:project/location",
    {
      config: { access: "operate" },
      schema: {
        summary: "Takes away where a project is",
        params: ProjectParams,
        response: { 204: Type.Null(), ...PROBLEM_RESPONSES },
      },
    },
    async ({ params, access }, reply) => {
      demandDone(await changeFleets({ kind: "setPlace", owner: ofProject(access, params.project), place: null }));
      return reply.code(204).send(null);
    },
  );
}

function demand(answer: StoreAnswer, most: number): void {
  if (answer.outcome === "tooMany") throw new Problem("tooMany", `there are ${most} at most; take some away first`);
  if (answer.outcome === "deviceUnknown") throw new Problem("deviceUnknown", "the device was deleted in this moment");
  demandDone(answer);
}
