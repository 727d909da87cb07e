/** What the routes need from the rest of the server. They see neither SQL nor MQTT. */
import type { Settings } from "../../runtime/product/setting.ts";
import type { ChangeOutcome, ConfigChange, Target } from "../orders/order-desk.ts";
import type { DesiredPart, NewCommand } from "../orders/order-requests.ts";
import type { KitPartRow, KitRow } from "../store/kit-reader.ts";
import type { CommandRow, PartRow } from "../store/order-reader.ts";
import type {
  DeviceRow,
  GapRow,
  ReadingRange,
  ReadingRow,
  RejectedRow,
  SignatureRow,
  StreamRow,
} from "../store/reader.ts";
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
  signatures(deviceId: number, afterId: number, limit: number): SignatureRow[];
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

export interface OrderStorePort {
  part(deviceId: number, part: DesiredPart): PartRow | undefined;
  commands(deviceId: number, afterId: number, limit: number): CommandRow[];
  command(deviceId: number, id: number): CommandRow | undefined;
}

/** What people want of devices. An answer other than `unavailable` is durable. */
export interface OrderPort {
  settingsOf(product: string): Settings | undefined;
  changeConfig(target: Target, change: ConfigChange, isWhole: boolean): Promise<ChangeOutcome>;
  setGraph(target: Target, graph: Uint8Array): Promise<ChangeOutcome>;
  addCommand(command: Omit<NewCommand, "mac">, mac: string): Promise<StoreAnswer>;
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
