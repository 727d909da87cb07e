/** What the routes need from the rest of the server. They see neither SQL nor MQTT. */
import type { Settings, SettingValue } from "../../runtime/product/setting.ts";
import type { AccountRequest } from "../access/account-requests.ts";
import type { AnswerRequest } from "../access/answer-requests.ts";
import type { TopicGrant } from "../access/mqtt-user-requests.ts";
import type { OrganisationRequest } from "../access/organisation-requests.ts";
import type { AuditEntry } from "../access/people-requests.ts";
import type { Principal } from "../access/principal.ts";
import type { Standing } from "../access/registration.ts";
import type { PutDevice, WantedDevice } from "../access/registration-desk.ts";
import type { Stranger } from "../access/strangers.ts";
import type { AlertChannel, AlertMessage, AlertRequest } from "../events/alert-requests.ts";
import type { FactOwner, FleetRequest, Place } from "../fleet/fleet-requests.ts";
import type { Attribute, AttributeValue } from "../fleet/template.ts";
import type { TemplateRequest } from "../fleet/template-requests.ts";
import type { HealthRequest, PolicyOwner } from "../health/health-requests.ts";
import type { ConfigLevelRequest, LevelPlace } from "../orders/config-levels.ts";
import type { ChangeOutcome, ConfigChange, Target } from "../orders/order-desk.ts";
import type { DesiredPart, NewCommand } from "../orders/order-requests.ts";
import type { RolloutRequest } from "../rollouts/rollout-requests.ts";
import type { DeviceState } from "../rollouts/rollout-states.ts";
import type { TargetImage } from "../rollouts/target.ts";
import type {
  AuditRange,
  AuditRow,
  InvitationRow,
  MemberRow,
  MembershipRow,
  SessionRow,
  TokenRow,
  UserRow,
} from "../store/account-reader.ts";
import type { AlertFilter, AlertRow, ChannelRow, DeliveryRow, RuleRow } from "../store/alert-reader.ts";
import type { Backup } from "../store/backup-shelf.ts";
import type { ConfigLevelRow } from "../store/config-level-reader.ts";
import type { DerivedDefinition, DerivedRequest, StreamName } from "../store/derived-definition.ts";
import type { EventFileRow, EventRange, EventRow, NoteRange, NoteRow } from "../store/event-reader.ts";
import type { EventRequest, NoteRequest } from "../store/event-requests.ts";
import type { FleetRow } from "../store/fleet-reader.ts";
import type { HealthCountRow, HealthLogRow, HealthRow, PolicyRow } from "../store/health-reader.ts";
import type { KitPartRow, KitRow } from "../store/kit-reader.ts";
import type { CommandRow, PartRow } from "../store/order-reader.ts";
import type { OrganisationRow, ProjectRow } from "../store/people-reader.ts";
import type { DeviceFilter, DeviceRow, GapRow, RejectedRow, SignatureRow, StreamRow } from "../store/reader.ts";
import type { MqttUserRow } from "../store/registration-reader.ts";
import type { RetentionOptions } from "../store/retention.ts";
import type {
  GroupCountRow,
  ReleaseRow,
  RolloutDeviceRow,
  RolloutInfoRow,
  RolloutLogRow,
  TrustedKeyRow,
} from "../store/rollout-reader.ts";
import type { Series } from "../store/series.ts";
import type { DerivedRow, MayFollow } from "../store/series-reader.ts";
import type { ListedDevice } from "../store/target-list.ts";
import type { DeviceAttribute, DeviceTemplateRow, TemplateRow, TemplateVersionRow } from "../store/template-reader.ts";
import type { DesiredRow, ImageRow, UpdateStepRow } from "../store/update-reader.ts";
import type { ImageVerdict } from "../updates/image-check.ts";
import type { StoreAnswer, StoredKit } from "../updates/store-requests.ts";
import type { UpdateConnection } from "../updates/update-desk.ts";
import type { Offer } from "../updates/update-messages.ts";

/** What the server was started with, as far as its users have to know. */
export interface ServerFacts {
  retention: RetentionOptions;
  /** Whose settings it knows. */
  products: readonly string[];
}

export interface StorePort {
  devices(afterMac: string, limit: number, organisations: readonly number[] | null, filter?: DeviceFilter): DeviceRow[];
  device(mac: string): DeviceRow | undefined;
  streams(deviceId: number, afterStream: number, limit: number): StreamRow[];
  stream(deviceId: number, stream: number): StreamRow | undefined;
  gaps(deviceId: number, afterId: number, limit: number): GapRow[];
  signatures(deviceId: number, afterId: number, limit: number): SignatureRow[];
  gapTotals(deviceId: number): { count: number; readings: number };
  rejected(deviceId: number, afterId: number, limit: number): RejectedRow[];
  rejectedCount(deviceId: number): number;
}

export interface SeriesPort {
  /** Undefined: there is no such stream. Throws BrokenDerived. */
  open(name: StreamName, mayFollow: MayFollow): Series | undefined;
  /** Throws BrokenDerived. */
  compose(definition: DerivedDefinition, mayFollow: MayFollow): Series;
  derived(mac: string): DerivedRow[];
  derivedOne(name: StreamName): DerivedRow | undefined;
}

/** An answer other than `unavailable` is durable. */
export type DerivedPort = (request: DerivedRequest) => Promise<StoreAnswer>;

export interface EventStorePort {
  events(range: EventRange): EventRow[];
  event(deviceId: number, id: number): EventRow | undefined;
  files(event: number): EventFileRow[];
  file(event: number, name: string): (EventFileRow & { bytes: Buffer }) | undefined;
  notes(range: NoteRange): NoteRow[];
  note(id: number): NoteRow | undefined;
}

/** An answer other than `unavailable` is durable. */
export type EventPort = (request: EventRequest | NoteRequest) => Promise<StoreAnswer>;

export interface UpdateStorePort {
  images(afterNumber: number, limit: number, organisations: readonly number[] | null): ImageRow[];
  imageOwners(id: string): number[];
  image(id: string): ImageRow | undefined;
  imageBytes(id: string): Buffer | undefined;
  desired(deviceId: number): DesiredRow | undefined;
  updateHistory(deviceId: number): UpdateStepRow[];
}

/** What the API changes, and what is under way to devices. An answer other than `unavailable` is durable. */
export interface UpdatePort {
  addImage(bytes: Uint8Array, organisation: number): Promise<{ verdict: ImageVerdict; answer: StoreAnswer | null }>;
  deleteImage(id: string, organisation: number): Promise<StoreAnswer>;
  setDesired(mac: string, image: string, isRetry: boolean): Promise<StoreAnswer>;
  clearDesired(mac: string): Promise<StoreAnswer>;
  /** Null: the device is not connected. */
  connection(mac: string): UpdateConnection | null;
  /** What the device was sent since its desired image was set. */
  lastOffer(mac: string): Offer | null;
}

export interface OrderStorePort {
  part(deviceId: number, part: DesiredPart): PartRow | undefined;
  /** Settings that the board was flashed with, as far as it has said so. */
  flashed(deviceId: number, product: string, schema: Settings | undefined): Record<string, SettingValue>;
  commands(deviceId: number, afterId: number, limit: number): CommandRow[];
  command(deviceId: number, id: number): CommandRow | undefined;
  /** Of one method, the last one first. */
  commandsOf(deviceId: number, method: string): CommandRow[];
}

export interface ConfigLevelStorePort {
  levels(place: LevelPlace): ConfigLevelRow[];
  level(place: LevelPlace, product: string): ConfigLevelRow | undefined;
  /** Of a device; empty: there are none. */
  conflicts(deviceId: number): string[];
}

/** An answer other than `unavailable` is durable. */
export interface ConfigLevelPort {
  change(request: Extract<ConfigLevelRequest, { kind: "setConfigLevel" }>): Promise<StoreAnswer>;
}

/** What people want of devices. An answer other than `unavailable` is durable. */
export interface OrderPort {
  settingsOf(product: string): Settings | undefined;
  changeConfig(target: Target, change: ConfigChange, isWhole: boolean): Promise<ChangeOutcome>;
  /** Settings and commands, all of them or none. */
  actuate(
    target: Target,
    settings: Record<string, SettingValue>,
    commands: ReadonlyArray<Omit<NewCommand, "mac">>,
  ): Promise<ChangeOutcome>;
  setGraph(target: Target, graph: Uint8Array): Promise<ChangeOutcome>;
  addCommand(command: Omit<NewCommand, "mac">, mac: string): Promise<StoreAnswer>;
}

export interface RolloutStorePort {
  keys(organisation: number): TrustedKeyRow[];
  needsApproval(organisation: number): boolean;
  releases(beforeId: number, limit: number, organisations: readonly number[] | null): ReleaseRow[];
  release(id: number): ReleaseRow | undefined;
  releaseImages(release: number): TargetImage[];
  /** `fleet`: of which it is looked whether they are in it. */
  targetDevices(organisation: number, fleet: number | undefined): ListedDevice[];
  rollouts(beforeId: number, limit: number, organisations: readonly number[] | null): RolloutInfoRow[];
  rollout(id: number): RolloutInfoRow | undefined;
  groupCounts(rollout: number): GroupCountRow[];
  devices(rollout: number, afterId: number, limit: number, state: DeviceState | null): RolloutDeviceRow[];
  log(rollout: number, afterId: number, limit: number): RolloutLogRow[];
}

/** An answer other than `unavailable` is durable. */
export interface RolloutPort {
  change(request: RolloutRequest): Promise<StoreAnswer>;
}

export interface KitStorePort {
  kits(): KitRow[];
  kit(board: string): KitRow | undefined;
  parts(board: string): KitPartRow[];
  part(board: string, name: string): { digest: Buffer; bytes: Buffer } | undefined;
}

/** An answer other than `unavailable` is durable. */
export interface KitPort {
  set(kit: StoredKit): Promise<StoreAnswer>;
  delete(board: string): Promise<StoreAnswer>;
}

export type Organisation = OrganisationRow;

export interface PeopleStorePort {
  principalOfToken(digest: Uint8Array, nowMs: number): Principal | undefined;
  principalOfUser(userId: number): Principal | undefined;
  organisations(): OrganisationRow[];
  organisation(slug: string): OrganisationRow | undefined;
  organisationPage(afterId: number, limit: number, organisations: readonly number[] | null): OrganisationRow[];
  project(id: number): ProjectRow | undefined;
  projects(organisation: number, afterId: number, limit: number): ProjectRow[];
}

export interface AccountStorePort {
  user(id: number): UserRow | undefined;
  users(afterId: number, limit: number): UserRow[];
  login(email: string): (UserRow & { password: string | null }) | undefined;
  password(userId: number): string | null;
  memberships(userId: number): MembershipRow[];
  members(organisation: number, afterUser: number, limit: number): MemberRow[];
  member(organisation: number, user: number): MemberRow | undefined;
  session(digest: Uint8Array, nowMs: number): SessionRow | undefined;
  sessionsOf(userId: number, nowMs: number): SessionRow[];
  sessionOf(userId: number, id: number): SessionRow | undefined;
  token(id: number): TokenRow | undefined;
  tokensOfUser(userId: number, afterId: number, limit: number): TokenRow[];
  tokensOfOrganisation(organisation: number, afterId: number, limit: number): TokenRow[];
  invitation(digest: Uint8Array, nowMs: number): InvitationRow | undefined;
  invitationsOf(organisation: number, afterId: number, limit: number, nowMs: number): InvitationRow[];
  invitationOf(organisation: number, id: number): InvitationRow | undefined;
  audit(range: AuditRange): AuditRow[];
}

/** An answer other than `unavailable` is durable. */
export type PeopleChange = (request: AccountRequest | OrganisationRequest | AnswerRequest) => Promise<StoreAnswer>;
export interface ProjectStorePort {
  project(id: number): ProjectRow | undefined;
  firstProject(organisation: number): { id: number } | undefined;
  projectByName(organisation: number, name: string): { id: number } | undefined;
}

/** Boards as they come and go. An answer other than `unavailable` is durable. */
export interface RegistrationPort {
  /** `secret` undefined: it gets a claim code. */
  put(device: WantedDevice): Promise<PutDevice>;
  change(mac: string, change: { name?: string | null | undefined; project?: number | undefined }): Promise<StoreAnswer>;
  setStanding(mac: string, standing: Standing): Promise<StoreAnswer>;
  /** undefined: the device has never said which product it is. */
  renewSecret(mac: string): Promise<ChangeOutcome | undefined>;
  replace(mac: string, by: string, isTakeOver: boolean): Promise<PutDevice>;
  delete(mac: string): Promise<StoreAnswer>;
  strangers(): Stranger[];
  /** The stranger may come back with what it showed. */
  admit(stranger: Stranger, project: number): Promise<StoreAnswer>;
  forgetStranger(mac: string): void;
}

export interface MqttUserPort {
  users(afterName: string, limit: number, organisations: readonly number[] | null): MqttUserRow[];
  user(name: string): MqttUserRow | undefined;
  add(organisation: number, name: string, grants: TopicGrant[]): Promise<{ answer: StoreAnswer; password: string }>;
  setGrants(name: string, grants: TopicGrant[]): Promise<StoreAnswer>;
  renewPassword(name: string): Promise<{ answer: StoreAnswer; password: string }>;
  delete(name: string): Promise<StoreAnswer>;
}

export interface TemplateStorePort {
  templates(afterId: number, limit: number, organisations: readonly number[] | null): TemplateRow[];
  template(id: number): TemplateRow | undefined;
  versions(template: number, beforeVersion: number, limit: number): TemplateVersionRow[];
  attributes(template: number, version: number): Attribute[];
  ofDevice(deviceId: number): DeviceTemplateRow[];
  attributesOfDevice(deviceId: number): DeviceAttribute[];
  overrides(deviceId: number): Map<string, AttributeValue>;
}

/** An answer other than `unavailable` is durable. */
export type TemplatePort = (request: TemplateRequest) => Promise<StoreAnswer>;

/** An answer other than `unavailable` is durable. */
export interface ReportPort {
  add(mac: string, bytes: Uint8Array): Promise<StoreAnswer>;
}

export interface FleetStorePort {
  fleets(afterId: number, limit: number, organisations: readonly number[] | null): FleetRow[];
  fleet(id: number): FleetRow | undefined;
  countDevices(fleet: number): number;
  members(fleet: number, afterMac: string, limit: number): string[];
  properties(owner: FactOwner): Record<string, string>;
  placeOfProject(project: number): Place | null;
}

/** An answer other than `unavailable` is durable. */
export type FleetPort = (request: FleetRequest) => Promise<StoreAnswer>;

export interface AuditPort {
  write(entry: AuditEntry): Promise<StoreAnswer>;
}

/** One copy of the database at a time. */
export interface BackupPort {
  readonly last: Backup | undefined;
  readonly path: string;
  /** False: one is being made. */
  start(): boolean;
  remove(): boolean;
}

export interface AlertStorePort {
  rule(id: number): RuleRow | undefined;
  rules(afterId: number, limit: number, organisations: readonly number[] | null): RuleRow[];
  channel(id: number): ChannelRow | undefined;
  channels(afterId: number, limit: number, organisations: readonly number[] | null): ChannelRow[];
  alert(id: number): AlertRow | undefined;
  alerts(beforeId: number, limit: number, organisations: readonly number[] | null, filter?: AlertFilter): AlertRow[];
  deliveries(channel: number, beforeNumber: number, limit: number): DeliveryRow[];
}

/** An answer other than `unavailable` is durable. */
export interface AlertPort {
  /** This server can. */
  readonly sendsMail: boolean;
  /** Webhooks may go to this machine and its own network too. */
  readonly isPrivateAllowed: boolean;
  change(request: AlertRequest): Promise<StoreAnswer>;
  /** Null: it was taken; else why not. */
  test(channel: AlertChannel, message: AlertMessage): Promise<string | null>;
}

/** How devices fare. */
export interface FitnessPort {
  of(deviceId: number): HealthRow | undefined;
  log(deviceId: number, beforeId: number, limit: number): HealthLogRow[];
  counts(organisation: number | null): HealthCountRow[];
  policy(owner: PolicyOwner): PolicyRow | undefined;
  templatesOf(deviceId: number): number[];
}

/** An answer other than `unavailable` is durable. */
export type SetHealthPolicy = (request: Extract<HealthRequest, { kind: "setHealthPolicy" }>) => Promise<StoreAnswer>;

export interface HealthPort {
  /** The writer runs and its last commit worked. */
  isHealthy(): boolean;
}

export interface MetricsPort {
  contentType: string;
  text(): Promise<string>;
}
