/** What the routes need from the rest of the server. They see neither SQL nor MQTT. */
import type { KitPartRow, KitRow } from "../store/kit-reader.ts";
import type { DeviceRow, GapRow, ReadingRange, ReadingRow, RejectedRow, StreamRow } from "../store/reader.ts";
import type { DesiredRow, ImageRow, UpdateStepRow } from "../store/update-reader.ts";
import type { ImageVerdict } from "../updates/image-check.ts";
import type { StoreAnswer, StoredKit } from "../updates/store-requests.ts";
import type { UpdateConnection } from "../updates/update-desk.ts";
import type { Offer } from "../updates/update-messages.ts";

export interface StorePort {
  devices(afterMac: string, limit: number): DeviceRow[];
  device(mac: string): DeviceRow | undefined;
  streams(deviceId: number, afterStream: number, limit: number): StreamRow[];
  stream(deviceId: number, stream: number): StreamRow | undefined;
  readings(range: ReadingRange): ReadingRow[];
  gaps(deviceId: number, afterId: number, limit: number): GapRow[];
  gapTotals(deviceId: number): { count: number; readings: number };
  rejected(deviceId: number, afterId: number, limit: number): RejectedRow[];
  rejectedCount(deviceId: number): number;
}

export interface UpdateStorePort {
  images(afterNumber: number, limit: number): ImageRow[];
  image(id: string): ImageRow | undefined;
  imageBytes(id: string): Buffer | undefined;
  desired(deviceId: number): DesiredRow | undefined;
  updateHistory(deviceId: number): UpdateStepRow[];
}

/** What the API changes, and what is under way to devices. An answer other than `unavailable` is durable. */
export interface UpdatePort {
  addImage(bytes: Uint8Array): Promise<{ verdict: ImageVerdict; answer: StoreAnswer | null }>;
  deleteImage(id: string): Promise<StoreAnswer>;
  setDesired(mac: string, image: string, isRetry: boolean): Promise<StoreAnswer>;
  clearDesired(mac: string): Promise<StoreAnswer>;
  /** Null: the device is not connected. */
  connection(mac: string): UpdateConnection | null;
  /** What the device was sent since its desired image was set. */
  lastOffer(mac: string): Offer | null;
}

export interface KitStorePort {
  kits(): KitRow[];
  kit(board: string): KitRow | undefined;
  parts(board: string): KitPartRow[];
  part(board: string, name: string): { digest: Buffer; bytes: Buffer } | undefined;
}

/** An answer other than `unavailable` is durable. */
export interface KitPort {
  set(kit: StoredKit): Promise<StoreAnswer>;
  delete(board: string): Promise<StoreAnswer>;
}

export interface HealthPort {
  /** The writer runs and its last commit worked. */
  isHealthy(): boolean;
}

export interface MetricsPort {
  contentType: string;
  text(): Promise<string>;
}
