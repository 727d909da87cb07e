/** The part of the server's HTTP API that is about what devices are to people: templates, attributes, tags, fleets, levels. */

import type { Setting } from "../../runtime/product/setting.ts";
import { inOrganisation } from "./in-organisation.ts";
import type { Send } from "./ways.ts";

export interface Attribute {
  label: string;
  kind: string;
  type: string;
  unit: string | null;
  value?: unknown;
  stream?: string;
  command?: string;
  setting?: string;
}

export interface Template {
  id: number;
  organisation: string;
  name: string;
  description: string;
  version: number;
  devices: number;
  attributes?: Attribute[];
}

export interface PresentAttribute extends Attribute {
  template: { template: number; name: string; version: number };
  time: string | null;
  desired?: unknown;
  overridden?: boolean;
}

export interface TemplateWish {
  name?: string | undefined;
  description?: string | undefined;
  attributes?: unknown;
}

export interface Fleet {
  id: number;
  slug: string;
  organisation: string;
  name: string;
  description: string;
  criterion: Record<string, unknown> | null;
  /** By name. */
  members: number;
  /** That are in it now, by name or by the criterion. */
  devices: number;
}

export interface Place {
  latitude: number;
  longitude: number;
  name: string | null;
}

export interface FleetWish {
  name: string;
  description?: string | undefined;
  criterion: object | null;
}

export interface ConfigLevel {
  product: string;
  version: number;
  settings: Record<string, unknown>;
  resolving: boolean;
  schema: Record<string, Setting> | null;
}

interface Ways {
  send: Send;
  /** Every page of a list. */
  all: <T>(path: string) => Promise<T[]>;
}

export class FleetClient {
  readonly #ways: Ways;

  constructor(ways: Ways) {
    this.#ways = ways;
  }

  templates(): Promise<Template[]> {
    return this.#ways.all("/api/v1/templates");
  }

  template(id: number): Promise<Template> {
    return this.#json("GET", `/api/v1/templates/${id}`);
  }

  addTemplate(wish: TemplateWish, organisation?: string): Promise<Template> {
    return this.#json("POST", `/api/v1/templates${inOrganisation(organisation)}`, wish);
  }

  changeTemplate(id: number, wish: TemplateWish): Promise<Template> {
    return this.#json("PATCH", `/api/v1/templates/${id}`, wish);
  }

  async deleteTemplate(id: number): Promise<void> {
    await this.#ways.send("DELETE", `/api/v1/templates/${id}`);
  }

  giveTemplates(mac: string, templates: Array<{ template: number; version: number | null }>): Promise<object> {
    return this.#json("PUT", `/api/v1/devices/${mac}/templates`, { templates });
  }

  async attributes(mac: string): Promise<PresentAttribute[]> {
    return (await this.#json<{ items: PresentAttribute[] }>("GET", `/api/v1/devices/${mac}/attributes`)).items;
  }

  async actuate(mac: string, values: Record<string, unknown>): Promise<PresentAttribute[]> {
    const path = `/api/v1/devices/${mac}/attributes`;
    return (await this.#json<{ items: PresentAttribute[] }>("PUT", path, { values })).items;
  }

  changeTags(mac: string, change: { add: string[]; remove: string[] }): Promise<{ tags: string[] }> {
    return this.#json("PATCH", `/api/v1/devices/${mac}/tags`, change);
  }

  /** `thing`: as `devices/024c4e540001`, or `projects/1`, which inherits nothing. */
  properties(thing: string): Promise<{ properties: Record<string, string>; inherited?: Record<string, string> }> {
    return this.#json("GET", `/api/v1/${thing}/properties`);
  }

  async setProperties(thing: string, properties: Record<string, string | null>): Promise<void> {
    await this.#json("PATCH", `/api/v1/${thing}/properties`, { properties });
  }

  placeOfProject(project: string): Promise<{ location: Place | null }> {
    return this.#json("GET", `/api/v1/projects/${project}/location`);
  }

  locate(thing: string, place: Place): Promise<object> {
    return this.#json("PUT", `/api/v1/${thing}/location`, place);
  }

  async forgetPlace(thing: string): Promise<void> {
    await this.#ways.send("DELETE", `/api/v1/${thing}/location`);
  }

  fleets(): Promise<Fleet[]> {
    return this.#ways.all("/api/v1/fleets");
  }

  devicesOf(
    fleet: string,
  ): Promise<Array<{ mac: string; name: string | null; product: string | null; tags: string[] }>> {
    return this.#ways.all(`/api/v1/fleets/${fleet}/devices`);
  }

  addFleet(wish: FleetWish, organisation?: string): Promise<Fleet> {
    return this.#json("POST", `/api/v1/fleets${inOrganisation(organisation)}`, wish);
  }

  changeFleet(fleet: string, change: Partial<FleetWish>): Promise<Fleet> {
    return this.#json("PATCH", `/api/v1/fleets/${fleet}`, change);
  }

  changeMembers(fleet: string, change: { add?: string[]; remove?: string[] }): Promise<Fleet> {
    return this.#json("PATCH", `/api/v1/fleets/${fleet}/members`, change);
  }

  async deleteFleet(fleet: string): Promise<void> {
    await this.#ways.send("DELETE", `/api/v1/fleets/${fleet}`);
  }

  /** `place`: as `projects/1`, `organisations/home`, or nothing for the whole server. */
  configLevel(place: string, product: string): Promise<ConfigLevel> {
    return this.#json("GET", `/api/v1/${place}config/${product}`);
  }

  changeConfigLevel(place: string, product: string, settings: Record<string, unknown>): Promise<ConfigLevel> {
    return this.#json("PATCH", `/api/v1/${place}config/${product}`, { settings });
  }

  async #json<T>(method: string, path: string, body?: object): Promise<T> {
    const sent = body && { type: "application/json", bytes: Buffer.from(JSON.stringify(body)) };
    return JSON.parse(await this.#ways.send(method, path, sent)) as T;
  }
}
