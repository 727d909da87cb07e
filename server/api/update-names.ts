/** States and failures of updates as the API writes them: the names of the contract, in lowercase with hyphens. */
import { ImageArch } from "../../runtime/contract/image-header.ts";
import { UpdateFailure, UpdateState } from "../../runtime/contract/update-messages.ts";
import { kebab } from "../kebab.ts";

export interface UpdateStep {
  atMs: number;
  state: number;
  image: string | null;
  percent: number | null;
  failure: number | null;
}

export function showStep({ atMs, state, image, percent, failure }: UpdateStep) {
  return { atMs, state: showState(state), image, percent, failure: failure === null ? null : showFailure(failure) };
}

/** A newer device may send what this server has no name for: `unknown-27`. */
export function showState(state: number): string {
  return kebab(UpdateState[state], state);
}

/** Null where there is none. */
export function showFailure(failure: number): string | null {
  return failure === UpdateFailure.None ? null : kebab(UpdateFailure[failure], failure);
}

export function showArch(arch: number): string {
  return ImageArch[arch]?.toLowerCase() ?? `unknown-${arch}`;
}
