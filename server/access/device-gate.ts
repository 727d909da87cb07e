/**
 * Which boards the broker lets in. A board's MQTT user name is its MAC address and its password the secret in its configuration:
 * its own; or, as long as it has none of its own, a one-time claim code, or the claim token of a project.
 */
import { timingSafeEqual } from "node:crypto";
import { ORGANISATIONS_KNOWN_MAX } from "../limits.ts";
import type { ClaimedProject, CredentialRow } from "../store/registration-reader.ts";
import { Registration, Standing } from "./registration.ts";
import { digestOf } from "./secrets.ts";
import { Strangers } from "./strangers.ts";

export type DeviceRefusal = "deviceUnknown" | "secretWrong" | "deviceRevoked" | "deviceReplaced" | "projectClosed";

/** `register`: it is new, and belongs there. */
export type DeviceVerdict =
  | { refusal: DeviceRefusal }
  | { refusal: null; standing: Standing; register: { project: number; standing: Standing } | null };

export interface GateStore {
  credentials(mac: string): CredentialRow | undefined;
  projectOfClaim(token: string): ClaimedProject | undefined;
  openProject(): ClaimedProject | undefined;
}

const ADMITTED = { refusal: null, register: null } as const;

export class DeviceGate {
  readonly strangers = new Strangers();
  readonly #store: GateStore;
  readonly #nowMs: () => number;
  /** Organisations of devices, by MAC address. */
  readonly #organisations = new Map<string, number>();

  constructor(store: GateStore, nowMs: () => number) {
    this.#store = store;
    this.#nowMs = nowMs;
  }

  judge(mac: string, password: Uint8Array, address: string | null): DeviceVerdict {
    const known = this.#store.credentials(mac);
    const verdict = known === undefined ? this.#judgeNew(password) : this.#judgeKnown(known, password);
    if (verdict.refusal === "deviceUnknown" || verdict.refusal === "secretWrong") {
      this.strangers.note(mac, password, address, this.#nowMs());
    }
    return verdict;
  }

  /** Null: none yet. */
  organisationOf(mac: string): number | null {
    const cached = this.#organisations.get(mac);
    if (cached !== undefined) return cached;
    const known = this.#store.credentials(mac);
    // One that is not stored yet will be with whoever takes everybody.
    const organisation = known === undefined ? this.#store.openProject()?.organisation : known.organisation;
    if (known === undefined || organisation == null) return organisation ?? null;
    if (this.#organisations.size >= ORGANISATIONS_KNOWN_MAX) this.#organisations.clear();
    this.#organisations.set(mac, organisation);
    return organisation;
  }

  isKnown(mac: string): boolean {
    return this.#store.credentials(mac) !== undefined;
  }

  /** Something was changed about the device. */
  forget(mac: string): void {
    this.#organisations.delete(mac);
  }

  #judgeKnown(known: CredentialRow, password: Uint8Array): DeviceVerdict {
    const { standing, secret, nextSecret, claimDigest, claimUntilMs, registration, claimToken } = known;
    if (standing === Standing.Revoked) return { refusal: "deviceRevoked" };
    if (standing === Standing.Replaced) return { refusal: "deviceReplaced" };
    const shown = digestOf(password);
    const isAny = [secret, nextSecret].filter((one) => one !== null && timingSafeEqual(shown, digestOf(one)));
    if (isAny.length > 0) return { ...ADMITTED, standing };
    const isOver = claimUntilMs !== null && claimUntilMs < this.#nowMs();
    if (claimDigest !== null && timingSafeEqual(shown, claimDigest) && !isOver) return { ...ADMITTED, standing };
    if (secret === null && claimDigest === null) {
      if (registration === Registration.Anyone) return { ...ADMITTED, standing };
      if (claimToken !== null && timingSafeEqual(shown, digestOf(claimToken))) return { ...ADMITTED, standing };
    }
    return { refusal: "secretWrong" };
  }

  #judgeNew(password: Uint8Array): DeviceVerdict {
    const project = this.#store.projectOfClaim(Buffer.from(password).toString());
    if (project !== undefined) {
      if (project.registration === Registration.Closed) return { refusal: "projectClosed" };
      const standing = project.registration === Registration.Approval ? Standing.Waiting : Standing.Active;
      return { refusal: null, standing, register: { project: project.id, standing } };
    }
    if (this.#store.openProject() === undefined) return { refusal: "deviceUnknown" };
    return { ...ADMITTED, standing: Standing.Active };
  }
}
