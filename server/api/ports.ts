/** What the routes need from the rest of the server. They see neither SQL nor MQTT. */
import type { DeviceRow, GapRow, ReadingRange, ReadingRow, RejectedRow, StreamRow } from "../store/reader.ts";

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

export interface HealthPort {
  /** The writer runs and its last commit worked. */
  isHealthy(): boolean;
}

export interface MetricsPort {
  contentType: string;
  text(): Promise<string>;
}
