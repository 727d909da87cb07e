/**
 * Boards as people take them in, move them and show them out: stored by the writer, and the broker told of it, so that a
 * connection never outlasts what it was let in with.
 */
import { STRANGER_ADMITTED_MS } from "../limits.ts";
import { macToNumber } from "../mac-address.ts";
import type { ChangeOutcome } from "../orders/order-desk.ts";
import type { StoreAnswer, StoreRequest } from "../updates/store-requests.ts";
import type { DeviceGate } from "./device-gate.ts";
import { Standing } from "./registration.ts";
import type { DeviceCredential } from "./registration-requests.ts";
import { digestOf, makeSecret } from "./secrets.ts";
import type { Stranger } from "./strangers.ts";

export interface WantedDevice {
  mac: string;
  project: number;
  /** undefined: as it is. */
  name?: string | null | undefined;
  /** undefined: it gets a claim code. */
  secret?: string | undefined;
  /** One that is there already keeps what lets it in. */
  isKept?: boolean | undefined;
}

export interface PutDevice {
  answer: StoreAnswer;
  /** Told here and never again. */
  claimCode: string | null;
  /** Why the board that comes does not take the settings of the one that goes. */
  conflicts?: string[];
}

export interface RegistrationDeskOptions {
  gate: DeviceGate;
  request: (request: StoreRequest) => Promise<StoreAnswer>;
  renewSecret: (mac: string) => Promise<ChangeOutcome | undefined>;
  /** Gives the board that comes what its predecessor was told. */
  adopt: (from: string, to: string) => Promise<string[]>;
  /** Ends the connection of a device. */
  endDevice: (mac: number) => void;
  /** Takes away what the broker keeps of it. */
  forgetDevice: (mac: string) => void;
  /** Resolves when everything that devices have said is stored. */
  settled: () => Promise<void>;
  nowMs: () => number;
}

export class RegistrationDesk {
  readonly #options: RegistrationDeskOptions;

  constructor(options: RegistrationDeskOptions) {
    this.#options = options;
  }

  async put({ mac, project, name, secret, isKept = false }: WantedDevice): Promise<PutDevice> {
    const claimCode = secret === undefined ? makeSecret("claim") : null;
    const credential: DeviceCredential =
      secret === undefined
        ? { kind: "claim", digest: digestOf(claimCode ?? ""), untilMs: null }
        : { kind: "secret", secret };
    const answer = await this.#put(mac, project, name, credential, isKept);
    const isNew = answer.outcome === "done" || (!isKept && answer.outcome === "existed");
    return { answer, claimCode: isNew ? claimCode : null };
  }

  async change(
    mac: string,
    change: { name?: string | null | undefined; project?: number | undefined },
  ): Promise<StoreAnswer> {
    const answer = await this.#options.request({
      kind: "changeDevice",
      mac: macToNumber(mac),
      ...change,
      atMs: this.#options.nowMs(),
    });
    if (change.project !== undefined) this.#judgeAnew(mac);
    return answer;
  }

  async setStanding(mac: string, standing: Standing): Promise<StoreAnswer> {
    const answer = await this.#options.request({
      kind: "setStanding",
      mac: macToNumber(mac),
      standing,
      atMs: this.#options.nowMs(),
    });
    if (standing === Standing.Active) this.#options.gate.strangers.forget(mac);
    this.#judgeAnew(mac);
    return answer;
  }

  renewSecret(mac: string): Promise<ChangeOutcome | undefined> {
    return this.#options.renewSecret(mac);
  }

  /** `by` goes on in the place of `mac`: its name, its project, its settings and sensor graph. */
  async replace(mac: string, by: string, isTakeOver: boolean): Promise<PutDevice> {
    const isKnown = this.#options.gate.isKnown(by);
    const claimCode = isKnown ? null : makeSecret("claim");
    const answer = await this.#options.request({
      kind: "replaceDevice",
      mac: macToNumber(mac),
      by: macToNumber(by),
      credential: claimCode === null ? null : { kind: "claim", digest: digestOf(claimCode), untilMs: null },
      isTakeOver,
      atMs: this.#options.nowMs(),
    });
    if (!isDone(answer)) return { answer, claimCode: null };
    const conflicts = await this.#options.adopt(mac, by);
    this.#judgeAnew(mac);
    this.#judgeAnew(by);
    return { answer, claimCode, conflicts };
  }

  async delete(mac: string): Promise<StoreAnswer> {
    const { endDevice, settled, request, forgetDevice } = this.#options;
    // What it has said is stored before, or it would come into being again by that.
    endDevice(macToNumber(mac));
    await settled();
    const answer = await request({ kind: "deleteDevice", mac: macToNumber(mac), atMs: this.#options.nowMs() });
    this.#judgeAnew(mac);
    if (isDone(answer)) forgetDevice(mac);
    return answer;
  }

  strangers(): Stranger[] {
    return this.#options.gate.strangers.list();
  }

  admit({ mac, digest }: Stranger, project: number): Promise<StoreAnswer> {
    const untilMs = this.#options.nowMs() + STRANGER_ADMITTED_MS;
    return this.#put(mac, project, undefined, { kind: "claim", digest, untilMs }, false);
  }

  forgetStranger(mac: string): void {
    this.#options.gate.strangers.forget(mac);
  }

  async #put(
    mac: string,
    project: number,
    name: string | null | undefined,
    credential: DeviceCredential,
    isKept: boolean,
  ): Promise<StoreAnswer> {
    const device = { mac: macToNumber(mac), project, name, credential, isKept };
    const answer = await this.#options.request({ kind: "putDevice", device, atMs: this.#options.nowMs() });
    if (!isDone(answer)) return answer;
    this.#options.gate.strangers.forget(mac);
    this.#judgeAnew(mac);
    return answer;
  }

  #judgeAnew(mac: string): void {
    this.#options.gate.forget(mac);
    this.#options.endDevice(macToNumber(mac));
  }
}

function isDone({ outcome }: StoreAnswer): boolean {
  return outcome === "done" || outcome === "existed";
}
