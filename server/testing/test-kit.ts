/** For tests: parts of a flash kit, made byte by byte from what the contract says. No board could run the programs. */
import { crc32 } from "node:zlib";
import { CONFIG_MAGIC, ConfigKey } from "../../runtime/contract/config-record.ts";
import { FACTORY_MAGIC } from "../../runtime/contract/factory-record.ts";
import { BOOT_PRODUCT } from "../../runtime/contract/image-header.ts";
import { hostFile } from "../../runtime/image/testing/host-file.ts";
import { encodeCbor } from "../ingest/cbor-codec.ts";
import { noise, testImage } from "./test-images.ts";

export interface TestPart {
  name: string;
  offset: number;
  bytes: Buffer;
}

export function testKit(): TestPart[] {
  return [
    { name: "host", offset: 0, bytes: hostFile() },
    { name: "boot-program", offset: 0xc0000, bytes: testImage(noise(3000, 1), { product: BOOT_PRODUCT }).bytes },
    { name: "factory-record", offset: 0xc7000, bytes: testFactoryRecord("counter", 2) },
    { name: "slot-states", offset: 0xc8000, bytes: Buffer.alloc(0x2000, 0xff) },
    { name: "configuration", offset: 0xca000, bytes: testConfig() },
    { name: "program", offset: 0xcc000, bytes: testImage(noise(5000, 2), { board: 2 }).bytes },
  ];
}

export function testFactoryRecord(product: string, board: number): Buffer {
  const record = Buffer.alloc(164);
  record.writeUInt32LE(FACTORY_MAGIC, 0);
  record.writeUInt32LE(2, 4);
  record.write(product, 8, "latin1");
  record.writeUInt32LE(1, 24);
  record.writeUInt32LE(board, 156);
  record.writeUInt32LE(crc32(record.subarray(0, 160)), 160);
  return record;
}

export function testConfig(changes: Array<[ConfigKey, unknown]> = []): Buffer {
  const map = encodeCbor(
    new Map<number, unknown>([
      [ConfigKey.Ssid, ""],
      [ConfigKey.Passphrase, ""],
      [ConfigKey.ServerHost, "192.168.1.10"],
      [ConfigKey.ServerPort, 1883],
      [ConfigKey.Secret, ""],
      ...changes,
    ]),
  );
  const sectors = Buffer.alloc(0x2000, 0xff);
  const record = sectors.subarray(0x1000);
  record.writeUInt32LE(CONFIG_MAGIC, 0);
  record.writeUInt32LE(1, 4);
  record.writeUInt32LE(map.length, 8);
  record.set(map, 20);
  record.writeUInt32LE(crc32(map, crc32(record.subarray(4, 12))), 12);
  record.writeUInt32LE(0xfffffffe, 16);
  return sectors;
}

/** In place of those parts that have the same name. */
export function withParts(parts: readonly TestPart[], ...changes: TestPart[]): TestPart[] {
  const names = new Set(changes.map(({ name }) => name));
  return [...parts.filter(({ name }) => !names.has(name)), ...changes];
}
