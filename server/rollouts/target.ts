/**
 * May, and should, this device run an image of the release? Judged by what the device is and runs now, as of its last hello;
 * what it was once does not count. The same words answer a dry run and a device that was left out.
 */
import semver from "semver";
import { BOOT_PRODUCT } from "../../runtime/contract/image-header.ts";
import { Standing } from "../access/registration.ts";
import type { Criteria } from "./rollout-plan.ts";
import type { DeviceReason } from "./rollout-states.ts";

export interface TargetImage {
  id: string;
  product: string;
  version: string;
  arch: number;
  abi: number;
  /** 0 = any. */
  board: number;
  securityCounter: number;
}

export interface TargetDevice {
  mac: string;
  project: number | null;
  tags: readonly string[];
  /** In the one that the criteria name; false where they name none. */
  isInFleet: boolean;
  standing: Standing;
  product: string | null;
  version: string | null;
  board: number | null;
  abi: number | null;
  /** Null: it has not said what it runs. */
  image: string | null;
  /** Of what it runs, where the store has that. */
  arch: number | null;
  securityCounter: number | null;
  failedImage: string | null;
}

export type Judgement = { image: TargetImage } | { reason: DeviceReason };

export function judgeDevice(
  device: TargetDevice,
  criteria: Criteria,
  images: readonly TargetImage[],
  isRetry: boolean,
): Judgement {
  const reason = unwanted(device, criteria);
  if (reason !== undefined) return { reason };
  const ofProduct = images.filter(({ product }) => product === device.product);
  if (ofProduct.length === 0) return { reason: "other-product" };
  const ofBoard = ofProduct.filter(({ board }) => board === 0 || board === device.board);
  if (ofBoard.length === 0) return { reason: "other-board" };
  const ofMachine = ofBoard.filter(({ arch }) => device.arch === null || arch === device.arch);
  // One for this very board before one for any.
  const image = ofMachine.find(({ board }) => board !== 0) ?? ofMachine[0];
  if (image === undefined) return { reason: "other-machine" };
  if (device.image === image.id) return { reason: "runs-it-already" };
  if (device.abi !== null && image.abi > device.abi) return { reason: "host-too-old" };
  if (image.securityCounter < (device.securityCounter ?? 0)) return { reason: "counter-too-low" };
  if (device.failedImage === image.id && !isRetry) return { reason: "failed-before" };
  return { image };
}

function unwanted(device: TargetDevice, criteria: Criteria): DeviceReason | undefined {
  const { product, board, version, project, tags = [], fleet, devices } = criteria;
  if (devices !== undefined && !devices.includes(device.mac)) return "not-named";
  if (project !== undefined && device.project !== project) return "other-project";
  if (fleet !== undefined && !device.isInFleet) return "not-in-fleet";
  if (!tags.every((tag) => device.tags.includes(tag))) return "without-tag";
  if (device.standing !== Standing.Active) return "not-active";
  if (device.product === null || device.product === BOOT_PRODUCT) return "never-heard-of";
  if (product !== undefined && device.product !== product) return "other-product";
  if (board !== undefined && device.board !== board) return "other-board";
  return version === undefined ? undefined : versionFault(device.version, version);
}

function versionFault(running: string | null, range: string): DeviceReason | undefined {
  // 1.2 is a version here, and 1.2.0 there.
  const version = semver.parse(running, { loose: true }) ?? semver.coerce(running);
  if (version === null) return "version-not-known";
  return semver.satisfies(version, range, { includePrerelease: true }) ? undefined : "version-not-wanted";
}

export function isVersionRange(text: string): boolean {
  return semver.validRange(text) !== null;
}
