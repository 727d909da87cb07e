/**
 * What the server counts, in the Prometheus text format. One registry a server, since tests run several in one process.
 * Names end in the unit (Prometheus, "Metric and label naming").
 */
import { Counter, Gauge, Histogram, Registry } from "prom-client";
import { healthName } from "./health/health-states.ts";
import type { HealthCountRow } from "./store/health-reader.ts";
import type { Housekeeping } from "./store/housekeeper.ts";

const COMMIT_BUCKETS_S = [0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5];

export class Metrics {
  readonly registry = new Registry();
  readonly connections = this.#gauge("lintel_mqtt_connections", "MQTT connections, devices and observers");
  readonly devicesConnected = this.#gauge("lintel_devices_connected", "Devices with a connection");
  readonly messages = this.#counter("lintel_messages_total", "Messages from devices by channel", ["channel"]);
  readonly denied = this.#counter("lintel_denied_total", "Publishes and subscriptions that the policy denied", [
    "what",
  ]);
  readonly refused = this.#counter(
    "lintel_refused_total",
    "Connections, clients and messages that were refused, by reason",
    ["reason"],
  );
  readonly oversized = this.#counter("lintel_oversized_packets_total", "Connections ended by an MQTT packet too long");
  readonly protocolErrors = this.#counter("lintel_mqtt_errors_total", "Connections ended by an MQTT error");
  readonly malformed = this.#counter("lintel_malformed_total", "Messages that could not be read, by reason", [
    "reason",
  ]);
  readonly shed = this.#counter("lintel_shed_total", "Messages dropped unacknowledged or unanswered, by cause", [
    "cause",
  ]);
  readonly stored = this.#counter("lintel_readings_stored_total", "Readings stored");
  readonly duplicates = this.#counter("lintel_readings_duplicate_total", "Readings that were stored before");
  readonly rejected = this.#counter("lintel_readings_rejected_total", "Readings that cannot be stored as numbers");
  readonly dropped = this.#counter("lintel_readings_dropped_total", "Readings that devices dropped before sending");
  readonly lostInTransit = this.#counter("lintel_packs_out_of_order_total", "Packs that came after a loss in transit");
  readonly acks = this.#counter("lintel_acks_total", "Acknowledgements sent");
  readonly commits = this.#counter("lintel_commits_total", "Group commits");
  readonly commitFailures = this.#counter("lintel_commit_failures_total", "Group commits that failed");
  readonly commitSeconds = new Histogram({
    name: "lintel_commit_seconds",
    help: "Duration of a group commit, decoding included",
    buckets: COMMIT_BUCKETS_S,
    registers: [this.registry],
  });
  readonly pendingBytes = this.#gauge("lintel_ingest_pending_bytes", "Received and not yet committed");
  readonly packed = this.#gauge("lintel_readings_packed", "Readings of days that are over, packed since the start");
  readonly deletedSegments = this.#gauge("lintel_segments_deleted", "Segments of readings that retention has deleted");
  readonly damagedRows = this.#gauge("lintel_rows_damaged", "Rows of readings that were no readings, moved away");
  readonly damagedSegments = this.#counter("lintel_segments_damaged_total", "Segments that could not be unpacked");
  readonly retentionBehindS = this.#gauge(
    "lintel_retention_clock_behind_seconds",
    "How far the clock of retention is behind the server's, which has jumped",
  );
  readonly offers = this.#counter("lintel_offers_total", "Images offered to devices");
  readonly chunkRequests = this.#counter("lintel_chunk_requests_total", "Pieces of images that devices asked for");
  readonly chunkBytes = this.#counter("lintel_chunk_bytes_total", "Bytes of images and patches sent");
  readonly orders = this.#counter("lintel_orders_total", "Configurations, graphs and commands sent", ["channel"]);
  readonly deviceHealth = this.#gauge("lintel_devices_health", "Devices by how they fare", ["state"]);
  readonly liveViewers = this.#gauge("lintel_live_viewers", "Clients of the live stream");
  readonly liveDropped = this.#counter(
    "lintel_live_viewers_dropped_total",
    "Live viewers dropped for reading too slowly",
  );
  readonly residentBytes = this.#gauge("process_resident_memory_bytes", "Resident memory of the process");

  keep(figures: Housekeeping): void {
    this.packed.set(figures.packed);
    this.deletedSegments.set(figures.deletedSegments);
    this.damagedRows.set(figures.damagedRows);
    this.retentionBehindS.set(Math.round(figures.clockBehindMs / 1000));
  }

  tellHealth(counts: readonly HealthCountRow[]): void {
    this.deviceHealth.reset();
    for (const { state, count } of counts) this.deviceHealth.inc({ state: healthName(state) }, count);
  }

  async text(): Promise<string> {
    this.residentBytes.set(process.memoryUsage.rss());
    return this.registry.metrics();
  }

  #counter(name: string, help: string, labelNames: string[] = []): Counter {
    return new Counter({ name, help, labelNames, registers: [this.registry] });
  }

  #gauge(name: string, help: string, labelNames: string[] = []): Gauge {
    return new Gauge({ name, help, labelNames, registers: [this.registry] });
  }
}
