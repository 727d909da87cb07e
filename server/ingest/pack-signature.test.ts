/** Signatures of packs: what the device writes is in the golden bytes here; whether they count, in the store and in the API. */
import { createHmac } from "node:crypto";
import { afterEach, beforeEach, expect, test } from "vitest";
import { ConfigKey } from "../../runtime/contract/config-record.ts";
import { GOLDEN_DATA_SIGNED } from "../../runtime/contract/golden-vectors.ts";
import { HelloKey } from "../../runtime/contract/messages.ts";
import {
  SENML_EPOCH,
  SENML_OLDEST,
  SENML_SEQUENCE,
  SENML_SIGNATURE,
  SenmlLabel,
} from "../../runtime/contract/senml.ts";
import type { LintelServer } from "../server-options.ts";
import { callDevices, startOrderDevice } from "../testing/test-orders.ts";
import { makeFolder, startTestServer } from "../testing/test-server.ts";
import { encodeCbor } from "./cbor-codec.ts";
import { findSignature, isSignedWith } from "./pack-signature.ts";
import { decodePack } from "./senml-pack.ts";

const MAC = "5ccf7f000001";
const SECRET = "a device's secret";
const SIGNATURE_BYTES = 32;

function signedPack(first: number, count: number, secret: string): Buffer {
  const records = Array.from({ length: count }, (_, index) => {
    const record = new Map<unknown, unknown>();
    if (index === 0) record.set(SENML_EPOCH, 9).set(SENML_SEQUENCE, first).set(SENML_OLDEST, 1);
    record
      .set(SenmlLabel.Name, "5001")
      .set(SenmlLabel.Value, first + index)
      .set(SenmlLabel.Time, 0);
    return index === count - 1 ? record.set(SENML_SIGNATURE, Buffer.alloc(SIGNATURE_BYTES)) : record;
  });
  const pack = Buffer.from(encodeCbor(records));
  const signed = pack.subarray(0, -SIGNATURE_BYTES);
  createHmac("sha256", secret).update(signed).digest().copy(pack, signed.length);
  return pack;
}

let server: LintelServer;

beforeEach(async () => {
  const folder = makeFolder();
  server = await startTestServer(folder.path);
  return () => folder.remove();
});

afterEach(() => server.stop());

test("the signature is over all that is before it, and at the end", () => {
  const pack = signedPack(1, 3, SECRET);
  const decoded = decodePack(pack, 0);
  if (typeof decoded === "string" || decoded.signature === null) throw new Error("no signature was found");
  expect(decoded.records.every(({ stored }) => stored)).toBe(true);
  expect(isSignedWith(SECRET, decoded.signature)).toBe(true);
  expect(isSignedWith("another", decoded.signature)).toBe(false);
  for (let at = 0; at < pack.length; at++) {
    const changed = Buffer.from(pack);
    changed[at] = (changed[at] as number) ^ 1;
    const found = decodePack(changed, 0);
    // Whatever the change did: it is no pack, it has no signature, or that is wrong.
    if (typeof found !== "string" && found.signature !== null) {
      expect(isSignedWith(SECRET, found.signature), `byte ${at}`).toBe(false);
    }
  }
});

test("the contract's golden pack", () => {
  const pack = decodePack(Buffer.from(GOLDEN_DATA_SIGNED, "hex"), 0);
  if (typeof pack === "string" || pack.signature === null) throw new Error("no signature was found");
  expect(pack.records).toHaveLength(3);
  expect(isSignedWith("lintel", pack.signature)).toBe(true);
  expect(isSignedWith("lintel ", pack.signature)).toBe(false);
});

test("a signature that is none, or is somewhere else, is wrong", () => {
  const bytes = Buffer.alloc(SIGNATURE_BYTES, 7);
  for (const value of ["text", 5, Buffer.alloc(31), bytes]) {
    const found = findSignature(Buffer.from("a pack"), new Map([[SENML_SIGNATURE, value]]));
    expect(found === null || isSignedWith(SECRET, found)).toBe(false);
    expect(found).not.toBeNull();
  }
  expect(findSignature(Buffer.from("a pack"), new Map())).toBeNull();
});

test("verified, wrong, unchecked: by the secret that the device has confirmed; readings are stored in each case", async () => {
  const device = await startOrderDevice(server, MAC);
  await device.hello(server, [[HelloKey.Epoch, 9]]);
  const send = async (first: number, secret: string) => {
    device.client.data(signedPack(first, 2, secret));
    await device.client.ack(first + 1, 9);
  };
  // No secret is known here.
  await send(1, SECRET);
  await callDevices(server, `${MAC}/config`, "PUT", { connection: { secret: SECRET } });
  expect(device.configs[0]?.values.get(ConfigKey.Secret)).toBe(SECRET);
  // Not confirmed: a signature that fits is right, another one may be of the secret before.
  await send(3, "the one before");
  await send(5, SECRET);
  await device.answer(server, { Code: 0, ConfigVersion: 1 });
  await send(7, SECRET);
  await send(9, "the one before");
  const { body } = await callDevices(server, `${MAC}/signatures`);
  expect(body.items).toMatchObject([
    { epoch: 9, from: 1, to: 4, verdict: "unchecked" },
    { epoch: 9, from: 5, to: 8, verdict: "verified" },
    { epoch: 9, from: 9, to: 10, verdict: "wrong" },
  ]);
  const streams = await callDevices(server, `${MAC}/streams`);
  expect(streams.body.items).toMatchObject([{ stream: "5001", count: 10 }]);
});
