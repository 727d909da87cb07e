/** What rollouts are resolved against: the devices of an organisation as they are now, and the images of a release. */
import type Database from "better-sqlite3";
import type { TargetDevice, TargetImage } from "../rollouts/target.ts";
import { idText } from "../updates/update-messages.ts";
import { isInFleet as isInFleetSql, TAGS_OF_DEVICE } from "./fleet-rule.ts";

export interface ListedDevice extends TargetDevice {
  id: number;
  /** Null: it belongs to none yet. */
  organisation: number | null;
  isOnline: boolean;
  freeBytes: number | null;
  firstSeenMs: number;
}

type Raw<T, Ids extends keyof T> = Omit<T, Ids> & { [Id in Ids]: Buffer | null };
type DeviceRow = Omit<Raw<ListedDevice, "image" | "failedImage">, "isOnline" | "tags" | "isInFleet"> & {
  online: number;
  /** A list as JSON. */
  tags: string;
  isInFleet: number;
};

export class TargetList {
  readonly #sql: ReturnType<typeof prepare>;

  constructor(db: Database.Database) {
    this.#sql = prepare(db);
  }

  /** `fleet`: of which it is looked whether they are in it. */
  devices(organisation: number, fleet: number | undefined): ListedDevice[] {
    return this.#sql.devices.all({ organisation, fleet: fleet ?? null }).map(toDevice);
  }

  device(id: number, fleet: number | undefined): ListedDevice | undefined {
    const row = this.#sql.device.get({ id, fleet: fleet ?? null });
    return row && toDevice(row);
  }

  images(release: number): TargetImage[] {
    return this.#sql.images.all(release).map((row) => ({ ...row, id: idText(row.id) }));
  }
}

function toDevice({ online, image, failedImage, tags, isInFleet, ...row }: DeviceRow): ListedDevice {
  return {
    ...row,
    tags: JSON.parse(tags) as string[],
    isInFleet: isInFleet === 1,
    isOnline: online === 1,
    image: image && idText(image),
    failedImage: failedImage && idText(failedImage),
  };
}

const COLUMNS = `d.id, d.mac, p.organisation_id AS organisation, d.project_id AS project, d.standing, d.product, d.version, d.board, d.abi, d.image,
  d.failed_image AS failedImage, d.online, d.free_bytes AS freeBytes, d.first_seen_ms AS firstSeenMs, i.arch,
  i.security_counter AS securityCounter, ${TAGS_OF_DEVICE} AS tags, ${isInFleetSql("@fleet")} AS isInFleet`;
const TABLES = "devices d LEFT JOIN projects p ON p.id = d.project_id LEFT JOIN images i ON i.id = d.image";

function prepare(db: Database.Database) {
  return {
    devices: db.prepare<[{ organisation: number; fleet: number | null }], DeviceRow>(
      `SELECT ${COLUMNS} FROM ${TABLES} WHERE p.organisation_id = @organisation ORDER BY d.mac`,
    ),
    device: db.prepare<[{ id: number; fleet: number | null }], DeviceRow>(
      `SELECT ${COLUMNS} FROM ${TABLES} WHERE d.id = @id`,
    ),
    images: db.prepare<[number], Omit<TargetImage, "id"> & { id: Buffer }>(
      `SELECT i.id, i.product, i.version, i.arch, i.abi, i.board, i.security_counter AS securityCounter
       FROM release_images r JOIN images i ON i.id = r.image_id WHERE r.release_id = ? ORDER BY i.number`,
    ),
  };
}
