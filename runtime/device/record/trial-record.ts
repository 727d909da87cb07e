/**
 * What a device has one of and gets anew from the server: the newest of its copies in flash that is whole and not given up
 * is in use. One that came from the server is on trial until that has answered a device that uses it.
 */
import { CopyState, RecordStore } from "./record-store.ts";

export abstract class TrialRecord {
  /** What is in use has attempts, and this start is one of them. */
  onTrial: bool = false;
  /** Highest version that was given up, 0 = none; and whether that was at this start. */
  refusedVersion: u32 = 0;
  gaveUp: bool = false;

  constructor(readonly store: RecordStore) {}

  /** Version that the server gave what is in memory; 0 = none. */
  abstract get version(): u32;

  /** Call once, at the start; false when there is no copy to use. */
  load(): bool {
    this.onTrial = false;
    this.refusedVersion = 0;
    this.gaveUp = false;
    const newest = this.store.newest();
    return this.use(newest) || this.use(1 - newest);
  }

  private use(copy: i32): bool {
    const state = this.store.open(copy);
    if (state == CopyState.Usable) {
      this.onTrial = !this.store.isConfirmed;
      return true;
    }
    if (state != CopyState.Invalid) {
      this.refusedVersion = max(this.refusedVersion, this.version);
      if (state == CopyState.GivenUp) this.gaveUp = true;
    }
    return false;
  }

  /** The server has answered: what is in use works. */
  confirm(): void {
    this.onTrial = false;
    if (this.store.lengthBytes != 0 && !this.store.isConfirmed) this.store.confirm();
  }
}
