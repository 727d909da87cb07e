/**
 * What the main thread asks of the writer thread besides storing messages: everything that the API or the patch maker
 * changes. There is one writer, so these stand in line with the messages of devices. Image ids are hexadecimal text.
 */
import type { AccountRequest } from "../access/account-requests.ts";
import type { AnswerRequest, KeptAnswer } from "../access/answer-requests.ts";
import type { MqttUserRequest } from "../access/mqtt-user-requests.ts";
import type { OrganisationRequest } from "../access/organisation-requests.ts";
import type { PeopleRequest } from "../access/people-requests.ts";
import type { RegistrationRequest } from "../access/registration-requests.ts";
import type { AlertRequest } from "../events/alert-requests.ts";
import type { FleetRequest } from "../fleet/fleet-requests.ts";
import type { Overlap, TemplateRequest } from "../fleet/template-requests.ts";
import type { HealthRequest } from "../health/health-requests.ts";
import type { ReportRefusal } from "../ingest/iotile-report.ts";
import type { ReportRequest, StoredReport } from "../ingest/report-requests.ts";
import type { ConfigLevelRequest } from "../orders/config-levels.ts";
import type { OrderRequest, OrdersDue } from "../orders/order-requests.ts";
import type { RolloutRequest } from "../rollouts/rollout-requests.ts";
import type { DerivedRequest } from "../store/derived-definition.ts";
import type { EventRequest, NoteRequest } from "../store/event-requests.ts";

export interface StoredImage {
  id: string;
  product: string;
  version: string;
  arch: number;
  abi: number;
  /** 0 = any. */
  board: number;
  securityCounter: number;
  payloadBytes: number;
  ramBytes: number;
  digest: Uint8Array;
  keyId: Uint8Array;
  /** Header and payload. */
  sizeBytes: number;
}

export interface StoredKit {
  board: string;
  /** Of the board, as people call it. */
  title: string;
  product: string;
  version: string;
  flashMiB: number;
  parts: Array<{ name: string; offset: number; digest: Uint8Array; bytes: Uint8Array }>;
}

export type StoreRequest =
  | { kind: "addImage"; image: StoredImage; bytes: Uint8Array; organisation: number; atMs: number }
  /** `bytes` null: not worth while, do not make it again. */
  | { kind: "addCompressed"; image: string; bytes: Uint8Array | null }
  /** Takes it from the organisation; the last one takes it from the store. */
  | { kind: "deleteImage"; id: string; organisation: number }
  | { kind: "setDesired"; mac: number; image: string; isRetry: boolean; atMs: number }
  | { kind: "clearDesired"; mac: number }
  /** `bytes` null: there is no patch worth having, do not make it again. */
  | { kind: "addPatch"; base: string; image: string; bytes: Uint8Array | null; atMs: number }
  /** In place of the one that the board has. */
  | { kind: "setFlashKit"; kit: StoredKit; atMs: number }
  | { kind: "deleteFlashKit"; board: string }
  | DerivedRequest
  | EventRequest
  | NoteRequest
  | OrderRequest
  | PeopleRequest
  | RolloutRequest
  | AccountRequest
  | OrganisationRequest
  | AnswerRequest
  | RegistrationRequest
  | MqttUserRequest
  | HealthRequest
  | AlertRequest
  | TemplateRequest
  | FleetRequest
  | ConfigLevelRequest
  | ReportRequest;

export type StoreOutcome =
  | "done"
  /** The same was there before. */
  | "existed"
  | "deviceUnknown"
  | "imageUnknown"
  | "imageDesired"
  | "imageRunning"
  | "imageReleased"
  | "wrongProduct"
  | "tooManyImages"
  | "kitUnknown"
  | "tooManyKits"
  /** Another change came first: look again. */
  | "changedMeanwhile"
  | "tooManyCommands"
  | "projectUnknown"
  /** The device sends this stream itself. */
  | "streamMeasured"
  | "derivedUnknown"
  | "eventUnknown"
  | "fileUnknown"
  | "noteUnknown"
  | "tooManyDerived"
  | "keyUnknown"
  | "tooManyKeys"
  | "releaseUnknown"
  /** There is one of this version. */
  | "releaseExists"
  /** A draft, or one that was withdrawn. */
  | "releaseNotOut"
  | "tooManyReleases"
  | "rolloutUnknown"
  | "tooManyRollouts"
  /** Its state does not allow it. */
  | "rolloutUnfit"
  /** Somebody else has to. */
  | "sameApprover"
  | "organisationUnknown"
  | "userUnknown"
  | "sessionUnknown"
  | "tokenUnknown"
  | "invitationUnknown"
  /** There are as many as there may be. */
  | "tooMany"
  /** An organisation would have no owner any more. */
  | "lastOwner"
  /** The server would have no operator any more. */
  | "lastOperator"
  | "lastOrganisation"
  /** Something belongs to it that would be lost. */
  | "inUse"
  /** People would lose it, and whoever asks has not said that he is sure. */
  | "unconfirmed"
  /** It belongs to another organisation. */
  | "deviceElsewhere"
  | "deviceHasReadings"
  /** It is a device in a place of its own, which it would leave. */
  | "boardInUse"
  | "deviceNotActive"
  | "tooManyDevices"
  | "mqttUserUnknown"
  | "tooManyMqttUsers"
  | "ruleUnknown"
  | "alertUnknown"
  | "channelUnknown"
  /** Or it has no such version, or belongs to another organisation. */
  | "templateUnknown"
  | "attributesOverlap"
  | "fleetUnknown"
  /** A configuration, or a level of one, fits no device of the product. */
  | "configRefused"
  | "reportRefused"
  /** No writer just now, or the database takes no writes. Nothing was changed. */
  | "unavailable";

export interface StoreAnswer {
  outcome: StoreOutcome;
  /** With `setDesired`: what to tell the device, if it is connected; null when it runs the image already. */
  due?: UpdateDue | null;
  /** With `setPart` and `addCommand`, for a device that is connected: what to tell it. */
  ordersDue?: OrdersDue | null;
  /** With `addCommand`: its id. */
  command?: number;
  /** With `addRelease`: its number; with `addRollout`, likewise. */
  release?: number;
  rollout?: number;
  /** With a rollout that was changed or stepped: what devices are to be told, and those that are to be told nothing any more. */
  updatesDue?: UpdateDue[];
  withdrawn?: number[];
  /** With `endDelivery`: nothing came through this channel for long. */
  disabledChannel?: number;
  /** With `sweepHealth`, `stepAlerts` and `stepRollout`: more is due. */
  isMore?: boolean;
  /** A step has changed what people see of the rollout. */
  isChanged?: boolean;
  /** Of what was made; with `acceptInvitation`: of the user. */
  id?: number;
  /** With `beginAnswer`, when the key came before. */
  kept?: KeptAnswer;
  /** With `configRefused`: what does not fit. */
  faults?: string[];
  /** With `sweepConfigs`: what devices are to be told, how many have changed. */
  swept?: { orders: OrdersDue[]; changes: number };
  /** With `attributesOverlap`: of what. */
  overlap?: Overlap;
  /** With `addReport`: what became of it, or why nothing did. */
  report?: StoredReport;
  refusal?: ReportRefusal;
  /** With `wrongProduct`: the device's. */
  product?: string;
  /** With `unavailable`, for the log. */
  error?: string;
}

/** A device ought to run another image than it does. */
export interface UpdateDue {
  mac: number;
  image: string;
  /** What it runs, when it has said so. */
  running: string | null;
  isRetry: boolean;
}
