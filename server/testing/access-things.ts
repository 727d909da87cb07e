/** For tests: what an organisation has one of, made by the API as an operator would, so that each route is asked about something. */
import { createPublicKey, generateKeyPairSync, type KeyObject, sign } from "node:crypto";
import { IMAGE_SIGNED_BYTES } from "../../runtime/contract/image-header.ts";
import { keyIdOf } from "../../runtime/image/verify-signature.ts";
import { noise, type TestImage, testImage } from "./test-images.ts";
import { testKit } from "./test-kit.ts";

export const PLACES = ["own", "other"] as const;
export type Place = (typeof PLACES)[number];

/** Something of the other organisation that no answer to who is not in it may hold. */
export const MARKS: Record<Place, string> = { own: "mark-of-own", other: "mark-of-other" };
/** That it sends, and one derived from it. */
export const STREAM = "5001";
export const DERIVED_STREAM = "5f00";
export const LABEL = "brightness";

export const FILE = "photo.jpg";

/** Of the server itself. */
export const BOARD = "d1-mini";
export const KIT = {
  title: "A board",
  flashMiB: 4,
  parts: testKit().map(({ name, offset, bytes }) => ({ name, offset, content: bytes.toString("base64") })),
};

/** What there is one of in each organisation. */
export interface Thing extends Released {
  slug: string;
  organisation: number;
  project: number;
  mac: string;
  /** An IOTile device, which sends reports. */
  iotile: number;
  /** Of its device, with a file. */
  event: number;
  note: number;
  /** Boards that nobody knows: one that was refused, and one that has not come yet. */
  stranger: string;
  newcomer: string;
  command: number;
  channel: number;
  alertRule: number;
  alert: number;
  mqttUser: string;
  /** The device has it; LABEL is an actuator of it. */
  template: number;
  fleet: number;
  /** A viewer of this organisation alone. */
  user: number;
  session: number;
  invitation: number;
  /** Of a machine of the organisation, and of the viewer himself. */
  token: number;
  personalToken: number;
}

/** A signed image, and what comes of it. The rollout is a draft. */
export interface Released {
  image: string;
  keyId: string;
  release: number;
  rollout: number;
}

/** Of an operator; throws unless it is done. */
export type Ask = (method: string, path: string, body: object) => Promise<{ id: number }>;

export const BOARDS: Record<Place, Pick<Thing, "mac" | "iotile" | "stranger" | "newcomer">> = {
  own: { mac: "5ccf7faaaa01", iotile: 0xaa01, stranger: "5ccf7faaaa02", newcomer: "5ccf7faaaa03" },
  other: { mac: "5ccf7fbbbb01", iotile: 0xbb01, stranger: "5ccf7fbbbb02", newcomer: "5ccf7fbbbb03" },
};

export function newPem(): string {
  return pemOf(newKey());
}

export async function release(place: Place, ask: Ask): Promise<Released> {
  const at = `organisation=${place}`;
  const key = newKey();
  const { id: image, bytes } = signedImage(noise(2000, place.length), key);
  await ask("POST", `/api/v1/images?${at}`, bytes);
  await ask("POST", `/api/v1/release-keys?${at}`, { name: MARKS[place], pem: pemOf(key) });
  const wanted = { version: "1.2.0", notes: MARKS[place], images: [image] };
  const { id: made } = await ask("POST", `/api/v1/releases?${at}`, wanted);
  const { id: rollout } = await ask("POST", "/api/v1/rollouts", { release: made, name: MARKS[place], draft: true });
  return { image, keyId: Buffer.from(keyIdOf(pointOf(key))).toString("hex"), release: made, rollout };
}

export async function describe(place: Place, ask: Ask): Promise<number> {
  const attributes = [{ label: LABEL, kind: "actuator", type: "integer", setting: "level" }];
  const wanted = { name: MARKS[place], attributes };
  const { id } = await ask("POST", `/api/v1/templates?organisation=${place}`, wanted);
  await ask("PUT", `/api/v1/devices/${BOARDS[place].mac}/templates`, { templates: [{ template: id }] });
  return id;
}

export async function derive(place: Place, ask: Ask): Promise<void> {
  const { mac } = BOARDS[place];
  const definition = { kind: "linear", source: { device: mac, stream: STREAM }, factor: 2, unit: MARKS[place] };
  await ask("PUT", `/api/v1/devices/${mac}/derived-streams/${DERIVED_STREAM}`, definition);
}

export async function happen(place: Place, ask: Ask): Promise<Pick<Thing, "event" | "note">> {
  const { mac } = BOARDS[place];
  const { id: event } = await ask("POST", `/api/v1/devices/${mac}/events`, { kind: "visit", data: MARKS[place] });
  await ask("PUT", `/api/v1/devices/${mac}/events/${event}/files/${FILE}`, Buffer.from(MARKS[place]));
  const { id: note } = await ask("POST", `/api/v1/devices/${mac}/notes`, { text: MARKS[place] });
  return { event, note };
}

/** A channel, a rule that tells through it, and an alert of that. */
export async function alarm(place: Place, ask: Ask): Promise<{ channel: number; alertRule: number }> {
  const at = `organisation=${place}`;
  const name = MARKS[place];
  const { id: channel } = await ask("POST", `/api/v1/channels?${at}`, { name, kind: "mqtt" });
  const condition = { kind: "change", changes: ["device.updated"] };
  const { id: alertRule } = await ask("POST", `/api/v1/alert-rules?${at}`, { name, condition, channels: [channel] });
  await ask("PATCH", `/api/v1/devices/${BOARDS[place].mac}`, { name });
  return { channel, alertRule };
}

/** Images are signed with P-256, r then s (contract/image-header.ts). */
function signedImage(payload: Uint8Array, key: KeyObject): TestImage {
  const fields = { version: "1.2.0", keyId: keyIdOf(pointOf(key)) };
  const signed = testImage(payload, fields).bytes.subarray(0, IMAGE_SIGNED_BYTES);
  return testImage(payload, { ...fields, signature: sign("sha256", signed, { key, dsaEncoding: "ieee-p1363" }) });
}

function newKey(): KeyObject {
  return generateKeyPairSync("ec", { namedCurve: "prime256v1" }).privateKey;
}

function pemOf(key: KeyObject): string {
  return String(createPublicKey(key).export({ type: "spki", format: "pem" }));
}

/** x, then y. */
function pointOf(key: KeyObject): Uint8Array {
  const { x = "", y = "" } = createPublicKey(key).export({ format: "jwk" });
  return Buffer.concat([Buffer.from(x, "base64url"), Buffer.from(y, "base64url")]);
}
