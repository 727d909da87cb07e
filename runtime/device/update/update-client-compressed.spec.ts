/** Updates by a compressed image: loaded, gone on with after a restart at the sector where it broke off, given up. */
import { COMPRESSED_STREAMS_OFFSET, COMPRESSED_STREAMS_TABLE_OFFSET } from "../../contract/compressed-format.ts";
import { FLASH_SECTOR_BYTES, FLASH_SLOT_A_OFFSET, FLASH_SLOT_B_OFFSET, Slot } from "../../contract/flash-map.ts";
import { IMAGE_HEADER_BYTES, IMAGE_ID_BYTES } from "../../contract/image-header.ts";
import {
  PATCH_IMAGE_HEADER_OFFSET,
  PATCH_MAGIC,
  PATCH_SIZE_OFFSET,
  PATCH_VERSION,
  PATCH_VERSION_OFFSET,
} from "../../contract/patch-format.ts";
import { SlotState } from "../../contract/slot-record.ts";
import { UpdateFailure } from "../../contract/update-messages.ts";
import { putBoard, putImage, putImageId } from "../testing/images.ts";
import { isCut, putFlash, resetStage, setFlashWords, takeFlash } from "../testing/stage.ts";
import { UpdateServer } from "../testing/update-server.ts";
import { PatchLoader } from "./patch-loader.ts";
import { SlotStates } from "./slot-states.ts";
import { UpdateClient } from "./update-client.ts";

const OLD_BYTES: u32 = 900;
/** Three whole sectors, and a fourth one that ends in the middle of a word. */
const NEW_BYTES: u32 = 13001;
const NEW_SIZE: u32 = NEW_BYTES + IMAGE_HEADER_BYTES;
const oldImage = memory.data(2048, 4);
const newImage = memory.data(16384, 4);
const file = memory.data(16384, 4);
const found = memory.data(16384, 4);
let fileBytes: u32 = 0;
/** Where the streams begin. */
const streams: u32[] = [0, 0, 0, 0];

function stored(): SlotStates {
  const states = new SlotStates();
  states.load();
  return states;
}

/** A stream of literals: a bit 0, their number, and they themselves. */
function putStream(at: u32, from: u32, count: u32): u32 {
  // All bits that come before the literals fit 32.
  let bits: u32 = 0;
  let length = 1;
  for (let index = 30 - <i32>clz(count); index >= 0; index--) {
    bits = (bits << 2) | ((count >> index) & 1);
    length += 2;
  }
  bits = (bits << 1) | 1;
  bits <<= 31 - length;
  for (length++; length > 0; length -= 8) {
    store<u8>(file + at++, bits >>> 24);
    bits <<= 8;
  }
  memory.copy(file + at, newImage + from, count);
  return at + count;
}

function putFile(): void {
  memory.fill(file, 0, COMPRESSED_STREAMS_OFFSET);
  store<u32>(file, PATCH_MAGIC);
  store<u32>(file, PATCH_VERSION, PATCH_VERSION_OFFSET);
  memory.copy(file + PATCH_IMAGE_HEADER_OFFSET, newImage, IMAGE_HEADER_BYTES);
  let at: u32 = COMPRESSED_STREAMS_OFFSET;
  for (let from: u32 = IMAGE_HEADER_BYTES; from < NEW_SIZE; ) {
    const sector = from / FLASH_SECTOR_BYTES;
    const end = min<u32>((sector + 1) * FLASH_SECTOR_BYTES, NEW_SIZE);
    streams[sector] = at;
    store<u16>(file + COMPRESSED_STREAMS_TABLE_OFFSET + 2 * sector, <u16>at);
    at = putStream(at, from, end - from);
    from = end;
  }
  endFile(at);
}

function endFile(length: u32): void {
  fileBytes = length;
  store<u32>(file, length, PATCH_SIZE_OFFSET);
}

function connect(): UpdateServer {
  const client = new UpdateClient(new PatchLoader());
  client.begin();
  const server = new UpdateServer(client);
  server.image = newImage;
  server.imageBytes = NEW_SIZE;
  server.patch = file;
  server.patchBytes = fileBytes;
  putImageId(newImage, server.id);
  memory.fill(server.base, 0, IMAGE_ID_BYTES);
  client.connected(0);
  client.welcomed(0);
  return server;
}

function update(server: UpdateServer): string {
  server.offer(NEW_SIZE);
  server.serve();
  return server.takeReports();
}

function expectTrial(): void {
  takeFlash(FLASH_SLOT_B_OFFSET, found, NEW_SIZE);
  expect(memory.compare(found, newImage, NEW_SIZE)).toBe(0);
  const states = stored();
  expect(states.state(Slot.A)).toBe(SlotState.Confirmed);
  expect(states.state(Slot.B)).toBe(SlotState.Trial);
  expect(states.failure).toBe(UpdateFailure.None);
}

beforeEach(() => {
  resetStage();
  putImage(oldImage, OLD_BYTES, 1);
  putBoard();
  const states = stored();
  putFlash(FLASH_SLOT_A_OFFSET, oldImage, OLD_BYTES + IMAGE_HEADER_BYTES);
  putImageId(oldImage, found);
  states.setState(Slot.A, SlotState.Confirmed);
  states.setImage(Slot.A, found);
  states.floor = 1;
  states.append();
  putImage(newImage, NEW_BYTES, 2);
  putFile();
});

describe("UpdateClient: a compressed image", () => {
  test("is asked for instead of the image, and makes it", () => {
    const server = connect();
    expect(update(server)).toBe("2%1 2%30 2%61 2%92 3 4 5");
    expect(server.asked).toBe(fileBytes);
    expectTrial();
  });

  test("chunks of any size, and some that get lost", () => {
    const sizes: u32[] = [767, 500, 261];
    for (let i = 0; i < sizes.length; i++) {
      const server = connect();
      server.chunkBytes = sizes[i];
      server.lossEvery = 7;
      server.offer(NEW_SIZE);
      server.wait(400);
      expect(server.reports[server.reports.length - 1]).toBe("5");
      expectTrial();
      const states = stored();
      states.setState(Slot.B, SlotState.Empty);
      states.append();
    }
  });

  test("a restart: goes on at the stream of the first sector that is not whole, and writes none again", () => {
    // The head and two pieces of 4 KiB; one piece more.
    const requests = [3, 4];
    for (let i = 0; i < requests.length; i++) {
      const server = connect();
      server.offer(NEW_SIZE);
      while (server.requests < requests[i]) server.serve(1);
      const whole = stored().sectorsLoaded;
      expect(whole).toBe(i + 1);
      const later = connect();
      setFlashWords((NEW_SIZE - whole * FLASH_SECTOR_BYTES) / 4 + 80);
      update(later);
      expect(isCut()).toBe(false);
      setFlashWords(-1);
      expect(later.asked).toBe(COMPRESSED_STREAMS_OFFSET + fileBytes - streams[whole]);
      expectTrial();
      const states = stored();
      states.setState(Slot.B, SlotState.Empty);
      states.append();
    }
  });

  test("the whole image under way is not given up for it", () => {
    const server = connect();
    server.patch = 0;
    server.offer(NEW_SIZE);
    while (stored().sectorsLoaded < 1 && server.turn()) {}
    const later = connect();
    update(later);
    expect(later.asked).toBe(IMAGE_HEADER_BYTES + NEW_SIZE - FLASH_SECTOR_BYTES);
    expectTrial();
  });

  test("one that says its stream begins behind its end is given up, and the image asked for", () => {
    store<u16>(file + COMPRESSED_STREAMS_TABLE_OFFSET, 0xffff);
    const server = connect();
    expect(update(server).startsWith("2:15 2%")).toBe(true);
    expectTrial();
  });
});
