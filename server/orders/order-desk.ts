/**
 * What people want devices to do: checked against what the product can be told, stored, and sent, at once where the device
 * is connected. What a commit says is due is sent here as well.
 */

import {
  GRAPH_HEADER_BYTES,
  GRAPH_LENGTH_OFFSET,
  GRAPH_MAGIC,
  GRAPH_VERSION,
  GRAPH_VERSION_OFFSET,
} from "../../runtime/contract/graph-format.ts";
import { GRAPH_MAX_BYTES } from "../../runtime/contract/graph-limits.ts";
import type { ProductSettings, Settings, SettingValue } from "../../runtime/product/setting.ts";
import type { DeviceLink } from "../ingest/ingest.ts";
import { CHANGE_ATTEMPTS_MAX } from "../limits.ts";
import { macToNumber } from "../mac-address.ts";
import type { Metrics } from "../metrics.ts";
import type { PartRow } from "../store/order-reader.ts";
import type { StoreAnswer, StoreRequest } from "../updates/store-requests.ts";
import { type Chosen, chosenOf } from "./chosen-config.ts";
import { CONNECTION_NAMES, type ConnectionName, type ConnectionSettings } from "./connection-settings.ts";
import { type DesiredChange, DesiredPart, type NewCommand, type OrdersDue } from "./order-requests.ts";

type OrNull<T> = { [Name in keyof T]?: T[Name] | null };

/** In a change null takes away. */
export interface ConfigChange {
  settings?: Record<string, SettingValue | null>;
  connection?: OrNull<ConnectionSettings>;
}

export interface Target {
  id: number;
  mac: string;
  product: string;
}

/** Faults: what does not fit, and what is allowed. */
export type ChangeOutcome = { faults: string[] } | { answer: StoreAnswer };

export interface OrderDeskOptions {
  store: {
    part(deviceId: number, part: DesiredPart): PartRow | undefined;
    flashed(deviceId: number, product: string, schema: Settings | undefined): Record<string, SettingValue>;
  };
  request: (request: StoreRequest) => Promise<StoreAnswer>;
  linkOf: (mac: number) => DeviceLink | undefined;
  products: readonly ProductSettings[];
  metrics: Metrics;
  nowMs: () => number;
}

const WHOLE: Chosen = { settings: {}, connection: {} };

export class OrderDesk {
  readonly #options: OrderDeskOptions;

  constructor(options: OrderDeskOptions) {
    this.#options = options;
  }

  /** What the product can be told; undefined: this server was not told of the product. */
  settingsOf(product: string): Settings | undefined {
    return this.#options.products.find(({ name }) => name === product)?.settings;
  }

  /** Nothing happens for a device that is gone: its next `hello` brings it here again. */
  send({ mac, messages }: OrdersDue): void {
    const { linkOf, metrics } = this.#options;
    const link = linkOf(mac);
    for (const { channel, payload } of messages) {
      if (link?.send(channel, payload) === true) metrics.orders.inc({ channel });
    }
  }

  /** `isWhole`: in place of all that was chosen before. */
  async changeConfig(target: Target, change: ConfigChange, isWhole: boolean): Promise<ChangeOutcome> {
    for (let attempt = 1; ; attempt++) {
      const made = this.#configChange(target, change, isWhole);
      if (Array.isArray(made)) return { faults: made };
      const answer = await this.#setPart(made);
      if (answer.faults !== undefined) return { faults: answer.faults };
      if (answer.outcome !== "changedMeanwhile" || attempt === CHANGE_ATTEMPTS_MAX) return { answer };
    }
  }

  /** Settings and commands, all of them or none. */
  async actuate(
    target: Target,
    settings: Record<string, SettingValue>,
    commands: ReadonlyArray<Omit<NewCommand, "mac">>,
  ): Promise<ChangeOutcome> {
    const mac = macToNumber(target.mac);
    for (let attempt = 1; ; attempt++) {
      let change: DesiredChange | null = null;
      if (Object.keys(settings).length > 0) {
        const made = this.#configChange(target, { settings }, false);
        if (Array.isArray(made)) return { faults: made };
        change = made;
      }
      const answer = await this.#store({
        kind: "actuate",
        mac,
        change,
        commands: commands.map((command) => ({ ...command, mac })),
        isConnected: this.#isConnected(mac),
        atMs: this.#options.nowMs(),
      });
      if (answer.faults !== undefined) return { faults: answer.faults };
      if (answer.outcome !== "changedMeanwhile" || attempt === CHANGE_ATTEMPTS_MAX) return { answer };
    }
  }

  async setGraph(target: Target, graph: Uint8Array): Promise<ChangeOutcome> {
    const fault = graphFault(graph);
    if (fault !== undefined) return { faults: [fault] };
    const basis = this.#options.store.part(target.id, DesiredPart.Graph)?.version ?? 0;
    const mac = macToNumber(target.mac);
    const change = { mac, part: DesiredPart.Graph, basis, product: target.product, chosen: null, content: graph };
    return { answer: await this.#setPart(change) };
  }

  /**
   * Gives a device what another one was told, and what that one was flashed with where it was flashed with nothing itself; but for the
   * secret, which is that one's own. Faults: why it does not take the settings; then it has the rest.
   */
  async adopt(from: Pick<Target, "id"> & { product: string | null }, to: Omit<Target, "product">): Promise<string[]> {
    const { store } = this.#options;
    let faults: string[] = [];
    const config = store.part(from.id, DesiredPart.Config);
    const product = config?.product ?? from.product;
    const chosen = chosenOf(config);
    const { secret: _, ...connection } = chosen.connection;
    if (product !== null) {
      const schema = this.settingsOf(product);
      const [former, latter] = [from, to].map(({ id }) => store.flashed(id, product, schema));
      const settings = { ...former, ...chosen.settings };
      for (const name of Object.keys(latter ?? {})) if (!Object.hasOwn(chosen.settings, name)) delete settings[name];
      const isTold = chosen.keepsProduct !== true || Object.keys(settings).length > 0;
      const adopted = (change: ConfigChange) => this.changeConfig({ ...to, product }, change, false);
      if (config !== undefined || isTold) {
        const outcome = await adopted({ connection, ...(isTold && { settings }) });
        if ("faults" in outcome) ({ faults } = outcome);
        if (faults.length > 0 && Object.keys(connection).length > 0) await adopted({ connection });
      }
    }
    const graph = store.part(from.id, DesiredPart.Graph);
    if (graph !== undefined) await this.setGraph({ ...to, product: graph.product }, graph.content);
    return faults;
  }

  addCommand(command: Omit<NewCommand, "mac">, mac: string): Promise<StoreAnswer> {
    const device = macToNumber(mac);
    return this.#store({
      kind: "addCommand",
      command: { ...command, mac: device },
      isConnected: this.#isConnected(device),
      atMs: this.#options.nowMs(),
    });
  }

  /** Faults, or what is to be stored. */
  #configChange({ id, mac, product }: Target, change: ConfigChange, isWhole: boolean): DesiredChange | string[] {
    const former = this.#options.store.part(id, DesiredPart.Config);
    const before = chosenOf(former);
    const strange = this.#strangersTakenAway(product, before, change);
    if (strange.length > 0) return strange;
    const { inherited = {} } = before;
    const chosen = JSON.stringify({ ...applied(isWhole ? WHOLE : before, change), inherited });
    const basis = former?.version ?? 0;
    // The store makes the content of it and of the levels above, which may change in this moment.
    return { mac: macToNumber(mac), part: DesiredPart.Config, basis, product, chosen, content: null };
  }

  #setPart(change: DesiredChange): Promise<StoreAnswer> {
    const isConnected = this.#isConnected(change.mac);
    return this.#store({ kind: "setPart", change, isConnected, atMs: this.#options.nowMs() });
  }

  async #store(request: StoreRequest): Promise<StoreAnswer> {
    const answer = await this.#options.request(request);
    if (answer.ordersDue != null) this.send(answer.ordersDue);
    return answer;
  }

  #isConnected(mac: number): boolean {
    return this.#options.linkOf(mac) !== undefined;
  }

  /** What is neither known nor was chosen, of an older program: taking it away would restart the device for nothing. */
  #strangersTakenAway(product: string, before: Chosen, { settings = {}, connection = {} }: ConfigChange): string[] {
    const settingNames = Object.keys({ ...this.settingsOf(product), ...before.settings });
    const namesTaken = (part: object) =>
      Object.entries(part).flatMap(([name, value]) => (value === null ? [name] : []));
    return [
      ...namesTaken(settings)
        .filter((name) => !settingNames.includes(name))
        .map((name) => `${name} is no setting of it; those are ${settingNames.join(", ") || "none"}`),
      ...namesTaken(connection)
        .filter((name) => !CONNECTION_NAMES.includes(name))
        .map((name) => `${name} is no part of the connection, which is ${CONNECTION_NAMES.join(", ")}`),
    ];
  }
}

function applied(former: Chosen, { settings, connection = {} }: ConfigChange): Chosen {
  const merged: Chosen = { settings: { ...former.settings }, connection: { ...former.connection } };
  if (former.keepsProduct === true && settings === undefined) merged.keepsProduct = true;
  for (const [name, value] of Object.entries(settings ?? {})) {
    if (value === null) delete merged.settings[name];
    else merged.settings[name] = value;
  }
  for (const name of Object.keys(connection) as ConnectionName[]) {
    if (connection[name] === null) delete merged.connection[name];
    else Object.assign(merged.connection, { [name]: connection[name] });
  }
  return merged;
}

/** What any device would refuse. Empty means that there is to be no graph. */
function graphFault(graph: Uint8Array): string | undefined {
  if (graph.length === 0) return undefined;
  if (graph.length > GRAPH_MAX_BYTES) return `it has ${graph.length} bytes, a device takes ${GRAPH_MAX_BYTES}`;
  const view = new DataView(graph.buffer, graph.byteOffset, graph.length);
  if (graph.length < GRAPH_HEADER_BYTES || view.getUint32(0, true) !== GRAPH_MAGIC) return "it is no compiled graph";
  const version = view.getUint8(GRAPH_VERSION_OFFSET);
  if (version !== GRAPH_VERSION)
    return `it is of version ${version} of the form, devices know version ${GRAPH_VERSION}`;
  const length = view.getUint16(GRAPH_LENGTH_OFFSET, true);
  return length === graph.length ? undefined : `it says that it has ${length} bytes, and has ${graph.length}`;
}
