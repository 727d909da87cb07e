/** The session of a product: readings, updates, configuration and commands. */
import { CHANNEL_GRAPH } from "../../contract/topics.ts";
import { Config } from "../config/config.ts";
import { GraphStore } from "../graph-store/graph-store.ts";
import { Clock } from "../hal/clock.ts";
import { listenForImprov } from "../improv/listener.ts";
import { ReadingQueue } from "../queue/reading-queue.ts";
import { PatchLoader } from "../update/patch-loader.ts";
import { UpdateClient } from "../update/update-client.ts";
import { CommandHandler } from "./command-handler.ts";
import { Hello } from "./messages.ts";
import { Orders } from "./orders.ts";
import { PinCommands } from "./pin-commands.ts";
import { RemoteLog } from "./remote-log.ts";
import { ServerLink } from "./server-link.ts";

/** Updates, orders, and what a product adds. */
const PARTS_MAX: i32 = 6;

export class Session extends ServerLink {
  private readonly orders: Orders;

  constructor(product: string, version: string, queue: ReadingQueue) {
    const clock = new Clock();
    const config = new Config();
    const orders = new Orders(clock, config, queue);
    const update = new UpdateClient(new PatchLoader());
    super(product, version, clock, config, queue, update, PARTS_MAX);
    this.orders = orders;
    this.parts.add(orders);
  }

  /** Gives the product the commands that the session does not know itself. Of several handlers the first one that knows it. */
  handleCommands(handler: CommandHandler): void {
    this.orders.addHandler(handler);
  }

  /** Takes commands about pins. */
  handlePins(pins: PinCommands): void {
    this.parts.add(pins);
    this.orders.addHandler(pins);
  }

  /** Sends lines of log while the server asks for it. */
  sendLog(log: RemoteLog): void {
    this.parts.add(log);
    this.orders.addHandler(log);
  }

  /** Takes sensor graphs from the server. Call before the session begins, with graphs that are loaded. */
  handleGraphs(graphs: GraphStore): void {
    const conversation = this.conversation;
    this.parts.add(graphs);
    conversation.client.moreChannel = CHANNEL_GRAPH;
    conversation.hello.graphVersion = graphs.version;
  }

  /** Settings that the product takes (its generated settings.ts); any other is refused before it is written. */
  takeSettings(table: usize, count: u32): void {
    const settings = this.orders.configWriter.settings;
    settings.words = table;
    settings.count = count;
  }

  protected describe(hello: Hello): void {
    super.describe(hello);
    const config = this.config;
    config.settings();
    hello.settings = config.textPointer;
    hello.settingsBytes = config.textBytes;
  }

  /** Does what is due; returns the milliseconds until it wants to be called again if nothing happens. */
  poll(): u32 {
    listenForImprov();
    const delayMs = super.poll();
    const orders = this.orders;
    if (!orders.wantsState) return delayMs;
    orders.wantsState = false;
    this.conversation.report();
    return 1;
  }
}
