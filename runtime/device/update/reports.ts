/** The reports that a device owes its server, one of each kind at most, and how they are written. */
import { IMAGE_ID_BYTES } from "../../contract/image-header.ts";
import { UpdateFailure, UpdateKey, UpdateState } from "../../contract/update-messages.ts";
import { CborWriter } from "../cbor/writer.ts";

/** In the place of a state that is never reported: the failure on record. */
export const LAST_FAILURE: UpdateState = UpdateState.Idle;
/** These are not about the image that is offered: a new offer does not void them. */
const LASTING: u32 = (1 << LAST_FAILURE) | (1 << UpdateState.Confirmed);

export class Reports {
  /** A bit for each UpdateState. */
  private owed: u32 = 0;

  get isOwed(): bool {
    return this.owed != 0;
  }

  owe(state: UpdateState): void {
    this.owed |= (<u32>1) << state;
  }

  /** What was to be said about the image under way is not true any more. */
  forget(): void {
    this.owed &= LASTING;
  }

  /** Takes the next one, in the order of the states, which is that of events. */
  next(): UpdateState {
    let state: u32 = 0;
    while ((this.owed & ((<u32>1) << state)) == 0) state++;
    this.owed &= ~((<u32>1) << state);
    return <UpdateState>state;
  }
}

/** The program was tried, so that leaving it is going back. */
function hasRun(failure: UpdateFailure): bool {
  return failure >= UpdateFailure.Crash && failure != UpdateFailure.NotAsOffered;
}

/**
 * `percent` counts while Downloading. `failure` says why, with LAST_FAILURE and Failed; and while Downloading, why the patch
 * was given up.
 */
export function writeReport(
  writer: CborWriter,
  report: UpdateState,
  image: usize,
  percent: u32,
  failure: UpdateFailure,
): void {
  let state = report;
  if (state == LAST_FAILURE) state = hasRun(failure) ? UpdateState.RolledBack : UpdateState.Failed;
  const isLoading = state == UpdateState.Downloading;
  const hasFailure = state >= UpdateState.RolledBack || (isLoading && failure != UpdateFailure.None);
  writer.map(2 + i32(hasFailure) + i32(isLoading));
  writer.integer(UpdateKey.State);
  writer.unsigned(state);
  writer.integer(UpdateKey.Image);
  writer.bytes(image, IMAGE_ID_BYTES);
  if (isLoading) {
    writer.integer(UpdateKey.Percent);
    writer.unsigned(percent);
  }
  if (hasFailure) {
    writer.integer(UpdateKey.Failure);
    writer.unsigned(failure);
  }
}
