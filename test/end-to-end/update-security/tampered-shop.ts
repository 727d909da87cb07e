/**
 * A shop in virtual time whose server has images that it would never have taken: they are put into its database behind its
 * back. Each board is offered another one. What the API says afterwards is what the devices have reported.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import Database from "better-sqlite3";
import { imageIdText } from "../../../runtime/image/image-header.ts";
import { getUpdate, setDesired, type TestUpdate } from "../../../server/testing/test-images.ts";
import { ApiClient } from "../../../tools/client/api-client.ts";
import type { FleetMember } from "../../../tools/sim/counter-fleet.ts";
import { type Tally, tallyReadings } from "../../../tools/sim/tally.ts";
import { VirtualShop } from "../../../tools/sim/virtual-shop.ts";
import type { CounterImages } from "./counter-images.ts";
import { allButQueue } from "./flash-contents.ts";

const START_UNIX_MS = 1_790_000_000_000;
const PERIOD_S = 20;
/** Requests to the API at a time: the server takes so many orders, no more. */
const AT_ONCE = 32;

/** As it stands in the database. */
export interface ShelvedImage {
  /** Absent: the right one. */
  id?: string;
  bytes: Uint8Array;
  /** What the server says of its size; absent: the truth. */
  sizeBytes?: number;
}

/** A board before its server tampers with it. */
export interface Before {
  flash: Buffer;
  starts: number;
}

export class TamperedShop {
  readonly shop: VirtualShop;
  readonly #folder: string;
  readonly #db: Database.Database;

  private constructor(shop: VirtualShop, folder: string) {
    this.shop = shop;
    this.#folder = folder;
    this.#db = new Database(join(folder, "lintel.db"));
  }

  /** Every board has started, and has spoken with the server. */
  static async open({ board }: CounterImages, devices: number): Promise<TamperedShop> {
    const folder = mkdtempSync(join(tmpdir(), "lintel-tampered-"));
    const shop = await VirtualShop.open({
      program: board,
      devices,
      seed: 1,
      startUnixMs: START_UNIX_MS,
      periodS: PERIOD_S,
      meanIntervalMs: 10_000,
      dataDir: folder,
    });
    shop.fleet.start();
    await shop.time.runFor(10_000);
    return new TamperedShop(shop, folder);
  }

  get members(): readonly FleetMember[] {
    return this.shop.fleet.members;
  }

  /** The id under which it stands. */
  putImage({ bytes, id = imageIdText(bytes), sizeBytes = bytes.length }: ShelvedImage): string {
    const none = Buffer.alloc(0);
    this.#db
      .prepare(
        `INSERT INTO images (id, product, version, arch, abi, board, security_counter, payload_bytes, ram_bytes, digest,
           key_id, size_bytes, created_ms, bytes, compress_tried)
         VALUES (?, 'counter', '1', 1, 1, 0, 0, 0, 0, ?, ?, ?, 0, ?, 1)`,
      )
      .run(Buffer.from(id, "hex"), none, none, sizeBytes, bytes);
    return id;
  }

  /** Both images are on the shelf. */
  putPatch(base: string, image: string, bytes: Uint8Array | null, sizeBytes = bytes?.length ?? null): void {
    this.#db
      .prepare("INSERT INTO patches (base_id, image_id, size_bytes, created_ms, bytes) VALUES (?, ?, ?, 0, ?)")
      .run(Buffer.from(base, "hex"), Buffer.from(image, "hex"), sizeBytes, bytes);
  }

  putCompressed(image: string, bytes: Uint8Array): void {
    this.#db.prepare("UPDATE images SET compressed = ? WHERE id = ?").run(bytes, Buffer.from(image, "hex"));
  }

  /** The n-th board ought to run the n-th image, or all the same one. */
  async offer(images: readonly string[] | string): Promise<void> {
    await this.#forAll(async ({ mac }, index) => {
      const image = typeof images === "string" ? images : (images[index] ?? "");
      const answer = await setDesired(this.shop.server, mac, image);
      if (answer.status !== 200) throw new Error(`the server does not take image ${image}: ${await answer.text()}`);
    });
  }

  async run(seconds: number): Promise<void> {
    await this.shop.time.runFor(seconds * 1000);
  }

  updates(): Promise<TestUpdate[]> {
    return this.#forAll(({ mac }) => getUpdate(this.shop.server, mac));
  }

  look(): Before[] {
    return this.members.map(({ flash, device }) => ({ flash: allButQueue(flash), starts: device.figures.starts }));
  }

  /** Nobody comes any more; whoever came is counted. */
  async tally(): Promise<Tally & { visitors: number }> {
    await this.shop.drain();
    const tally = await tallyReadings(new ApiClient(new URL(this.shop.server.url)));
    return { ...tally, visitors: this.shop.fleet.visitors };
  }

  async close(): Promise<void> {
    this.#db.close();
    await this.shop.close();
    rmSync(this.#folder, { recursive: true, force: true });
  }

  async #forAll<T>(ask: (member: FleetMember, index: number) => Promise<T>): Promise<T[]> {
    const answers: T[] = [];
    for (let from = 0; from < this.members.length; from += AT_ONCE) {
      const some = this.members.slice(from, from + AT_ONCE);
      answers.push(...(await Promise.all(some.map((member, index) => ask(member, from + index)))));
    }
    return answers;
  }
}
