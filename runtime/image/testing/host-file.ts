/** Hosts as files, byte by byte: what the ROM loads, and what the Arduino core's tools/elf2bin.py makes. No chip could run them. */
import { HOST_ABI_VERSION } from "../../contract/host-abi.ts";
import { HOST_MARKER } from "../../contract/host-marker.ts";

export interface TestSegment {
  address: number;
  bytes: Uint8Array;
}

/** Of the core's loader; its text stands here (esp8266/Arduino issue 8240: "load 0x4010f000"). */
const LOADER: TestSegment = { address: 0x4010f000, bytes: Uint8Array.from({ length: 100 }, (_, index) => 7 * index) };
const SKETCH_OFFSET = 0x1000;
const IRAM_ADDRESS = 0x40100000;
/** Between loader and sketch. */
const FILLING = 0xaa;
/** The core's tools write a CRC over these. */
const SKETCH_CRC_OFFSET = SKETCH_OFFSET + 16;

/** It starts at its first segment, or at `entry`. */
export function romImage(segments: readonly TestSegment[], entry = segments[0]?.address ?? 0): Buffer {
  const header = Buffer.from([0xe9, segments.length, 0x55, 0x55, 0, 0, 0, 0]);
  header.writeUInt32LE(entry, 4);
  const parts = segments.flatMap(({ address, bytes }) => {
    const head = Buffer.alloc(8);
    head.writeUInt32LE(address, 0);
    head.writeUInt32LE(bytes.length, 4);
    return [head, Buffer.from(bytes)];
  });
  const body = Buffer.concat([header, ...parts]);
  const rest = Buffer.alloc(16 - (body.length % 16));
  rest[rest.length - 1] = segments.reduce((sum, { bytes }) => bytes.reduce((xor, byte) => xor ^ byte, sum), 0xef);
  return Buffer.concat([body, rest]);
}

export interface HostFileFacts {
  abi?: number;
  /** For a flash of so much; 0: of any. */
  linkedMiB?: number;
}

/** One image, as of the emulated host. */
export function hostFile(facts: HostFileFacts = {}): Buffer {
  return romImage([{ address: IRAM_ADDRESS, bytes: Buffer.concat([Buffer.alloc(24, 0x11), markerOf(facts)]) }]);
}

/** The core's loader, and behind it a sketch with the marker. */
export function arduinoHostFile(facts: HostFileFacts = {}): Buffer {
  const code = Buffer.concat([Buffer.alloc(200, 0x22), markerOf(facts)]);
  return arduinoFile([
    { address: 0x40201010, bytes: code },
    { address: IRAM_ADDRESS, bytes: Buffer.alloc(60, 0x33) },
    { address: 0x40101000, bytes: Buffer.alloc(0) },
    { address: 0x3ffe8000, bytes: Buffer.alloc(21, 0x44) },
  ]);
}

/** A sketch of these segments behind the loader, with a CRC written over what its checksum was made of. */
export function arduinoFile(sketch: readonly TestSegment[]): Buffer {
  const filling = Buffer.alloc(SKETCH_OFFSET, FILLING);
  filling.set(romImage([LOADER]));
  const file = Buffer.concat([filling, romImage(sketch)]);
  file.writeUInt32LE(file.length, SKETCH_CRC_OFFSET);
  file.writeUInt32LE(0x1234567, SKETCH_CRC_OFFSET + 4);
  return file;
}

function markerOf({ abi = HOST_ABI_VERSION, linkedMiB = 0 }: HostFileFacts): Buffer {
  const marker = Buffer.alloc(16);
  marker.write(HOST_MARKER, "latin1");
  marker.writeUInt32LE(abi, 8);
  marker.writeUInt32LE(linkedMiB, 12);
  return marker;
}
