/**
 * How an update fares, as the API tells it; and whether it has come to its good end. What a device runs is known as of its
 * last hello. That says nothing about now when the device is away, or when it was offered another image since or is about
 * to restart into one.
 */
import { UpdateState } from "../../runtime/contract/update-messages.ts";
import { DEVICE_LEAVES_MAX_MS } from "../limits.ts";
import type { DeviceRow } from "../store/reader.ts";
import type { DesiredRow, UpdateStepRow } from "../store/update-reader.ts";
import type { UpdateConnection } from "../updates/update-desk.ts";
import { idText, NO_BASE, type Offer } from "../updates/update-messages.ts";
import { showStep } from "./update-names.ts";

export interface UpdateRecord {
  device: DeviceRow;
  desired: DesiredRow | undefined;
  /** Oldest first. */
  history: UpdateStepRow[];
  /** Null: the device is not connected. */
  connection: UpdateConnection | null;
  offer: Offer | null;
  nowMs: number;
}

export function showUpdate({ device, desired, history, connection, offer, nowMs }: UpdateRecord) {
  const running = device.image && idText(device.image);
  const present = history.at(-1);
  const helloMs = device.helloMs ?? 0;
  const online = connection !== null && device.online === 1 && helloMs >= connection.sinceMs;
  const candidates = [connection?.underWay ?? null, leavingFor(present, helloMs, nowMs)];
  const underWay = candidates.find((image) => image !== null && image !== running) ?? null;
  const isRunning = desired !== undefined && running === desired.image && device.trial === 0;
  return {
    desired: desired?.image ?? null,
    retry: desired?.retry === 1,
    givenUp: desired?.givenUp === 1,
    // What was tried since it was set was not running before.
    confirmed: isRunning && (desired.tried === 1 || (online && underWay === null)),
    online,
    running,
    trial: device.trial === 1,
    underWay,
    offer: offer && showOffer(offer),
    ...(present === undefined ? NOTHING_TOLD : showPresent(present)),
    history: history.map(showStep),
  };
}

const NOTHING_TOLD = { image: null, state: "idle", percent: null, failure: null };

function showPresent(step: UpdateStepRow) {
  const { atMs: _, ...present } = showStep(step);
  return present;
}

/** The image that the device is about to start. It may say hello once more before, from the program that it leaves. */
function leavingFor(present: UpdateStepRow | undefined, helloMs: number, nowMs: number): string | null {
  if (present === undefined) return null;
  const { state, atMs, image } = present;
  const isWhole = state >= UpdateState.Downloaded && state <= UpdateState.Restarting;
  return isWhole && (helloMs < atMs || nowMs < helloMs + DEVICE_LEAVES_MAX_MS) ? image : null;
}

function showOffer({ image, sizeBytes, patch }: Offer) {
  if (patch === null) return { image, kind: "image" as const, bytes: sizeBytes };
  const kind = patch.base === NO_BASE ? ("compressed" as const) : ("patch" as const);
  return { image, kind, bytes: patch.sizeBytes };
}
