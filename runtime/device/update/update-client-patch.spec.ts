/** Updates by patch: loaded, gone on with after a restart, and given up for the whole image when the patch is of no use. */
import { FLASH_SLOT_A_OFFSET, FLASH_SLOT_B_OFFSET, FLASH_SLOT_BYTES, Slot } from "../../contract/flash-map.ts";
import { IMAGE_HEADER_BYTES, IMAGE_ID_BYTES, IMAGE_SECURITY_COUNTER_OFFSET } from "../../contract/image-header.ts";
import {
  PATCH_BASE_BYTES_OFFSET,
  PATCH_BASE_ID_OFFSET,
  PATCH_IMAGE_HEADER_OFFSET,
  PATCH_MAGIC,
  PATCH_OPERATIONS_OFFSET,
  PATCH_SIZE_OFFSET,
  PATCH_VERSION,
  PATCH_VERSION_OFFSET,
  PatchOperation,
} from "../../contract/patch-format.ts";
import { SlotState } from "../../contract/slot-record.ts";
import { UpdateFailure } from "../../contract/update-messages.ts";
import { putBoard, putImage, putImageId, signHeader, signImage } from "../testing/images.ts";
import {
  bringBackFlash,
  isCut,
  keepFlash,
  putFlash,
  resetStage,
  setFlashWords,
  setTearSeed,
  takeFlash,
} from "../testing/stage.ts";
import { UpdateServer } from "../testing/update-server.ts";
import { PatchLoader } from "./patch-loader.ts";
import { SlotStates } from "./slot-states.ts";
import { UpdateClient } from "./update-client.ts";

const OLD_BYTES: u32 = 900;
const OLD_SIZE: u32 = OLD_BYTES + IMAGE_HEADER_BYTES;
/** Two whole sectors, and a third one that ends in the middle of a word. The old payload comes first in it. */
const NEW_BYTES: u32 = 9001;
const NEW_SIZE: u32 = NEW_BYTES + IMAGE_HEADER_BYTES;
const INSERTED_BYTES: u32 = NEW_BYTES - OLD_BYTES;
const INSERT_LONG: u32 = PatchOperation.Insert + 15;
const oldImage = memory.data(2048, 4);
const newImage = memory.data(16384, 4);
const patch = memory.data(16384, 4);
const found = memory.data(16384, 4);
let patchBytes: u32 = 0;

function stored(): SlotStates {
  const states = new SlotStates();
  states.load();
  return states;
}

/** A board that runs a confirmed image from slot A. */
function putRunning(): void {
  putBoard();
  const states = stored();
  putFlash(FLASH_SLOT_A_OFFSET, oldImage, OLD_SIZE);
  putImageId(oldImage, found);
  states.setState(Slot.A, SlotState.Confirmed);
  states.setImage(Slot.A, found);
  states.floor = 1;
  states.append();
}

function putNumber(at: u32, value: u32): u32 {
  for (; value > 0x7f; value >>= 7) store<u8>(patch + at++, value | 0x80);
  store<u8>(patch + at++, value);
  return at;
}

/** Copy the old payload, insert the rest. */
function putPatch(): void {
  memory.fill(patch, 0, PATCH_OPERATIONS_OFFSET);
  store<u32>(patch, PATCH_MAGIC);
  store<u32>(patch, PATCH_VERSION, PATCH_VERSION_OFFSET);
  putImageId(oldImage, patch + PATCH_BASE_ID_OFFSET);
  store<u32>(patch, OLD_SIZE, PATCH_BASE_BYTES_OFFSET);
  memory.copy(patch + PATCH_IMAGE_HEADER_OFFSET, newImage, IMAGE_HEADER_BYTES);
  let at: u32 = PATCH_OPERATIONS_OFFSET;
  store<u8>(patch + at++, PatchOperation.Copy);
  at = putNumber(at, OLD_BYTES);
  store<u8>(patch + at++, INSERT_LONG);
  at = putNumber(at, INSERTED_BYTES - 16);
  memory.copy(patch + at, newImage + OLD_SIZE, INSERTED_BYTES);
  endPatch(at + INSERTED_BYTES);
}

function endPatch(length: u32): void {
  patchBytes = length;
  store<u32>(patch, length, PATCH_SIZE_OFFSET);
}

/** The program starts and meets its server, which has the new image and the patch. */
function connect(): UpdateServer {
  const client = new UpdateClient(new PatchLoader());
  client.begin();
  const server = new UpdateServer(client);
  server.image = newImage;
  server.imageBytes = NEW_SIZE;
  server.patch = patch;
  server.patchBytes = patchBytes;
  putImageId(newImage, server.id);
  putImageId(oldImage, server.base);
  client.connected(0);
  client.welcomed(0);
  return server;
}

/** Offers, and answers until nothing is left to say. */
function update(server: UpdateServer): string {
  server.offer(NEW_SIZE);
  server.serve();
  return server.takeReports();
}

function expectTrial(): void {
  takeFlash(FLASH_SLOT_B_OFFSET, found, NEW_SIZE);
  let different = 0;
  for (let i: u32 = 0; i < NEW_SIZE; i++) different += i32(load<u8>(found + i) != load<u8>(newImage + i));
  expect(different).toBe(0);
  const states = stored();
  expect(states.state(Slot.A)).toBe(SlotState.Confirmed);
  expect(states.state(Slot.B)).toBe(SlotState.Trial);
  expect(states.preferred).toBe(Slot.B);
  expect(states.failure).toBe(UpdateFailure.None);
}

const WHOLE = "2%2 2%44 2%89 3 4 5";
const BY_PATCH = "2%2 2%54 3 4 5";

/** Expects that the patch is given up for this reason, `before` being reported before, and that the whole image comes. */
function expectGivenUp(failure: UpdateFailure, before: string = ""): void {
  expect(update(connect())).toBe(before + "2:" + (<i32>failure).toString() + " " + WHOLE);
  expectTrial();
  resetStage();
  putRunning();
  putPatch();
}

function flip(at: u32): void {
  store<u8>(patch + at, load<u8>(patch + at) ^ 1);
}

beforeEach(() => {
  resetStage();
  putImage(oldImage, OLD_BYTES, 1);
  putRunning();
  putImage(newImage, NEW_BYTES, 2);
  memory.copy(newImage + IMAGE_HEADER_BYTES, oldImage + IMAGE_HEADER_BYTES, OLD_BYTES);
  signImage(newImage, 0);
  putPatch();
});

describe("UpdateClient: a patch", () => {
  test("is asked for instead of the image, and makes it", () => {
    const server = connect();
    expect(update(server)).toBe(BY_PATCH);
    expect(server.asked).toBe(patchBytes);
    expectTrial();
  });

  test("chunks of any size, and some that get lost", () => {
    const sizes: u32[] = [767, 500, 231];
    for (let i = 0; i < sizes.length; i++) {
      resetStage();
      putRunning();
      const server = connect();
      server.chunkBytes = sizes[i];
      server.lossEvery = 7;
      server.offer(NEW_SIZE);
      server.wait(400);
      expect(server.reports[server.reports.length - 1]).toBe("5");
      expectTrial();
    }
  });

  test("is not asked for when it starts from another image", () => {
    const server = connect();
    store<u8>(server.base, load<u8>(server.base) ^ 1);
    expect(update(server)).toBe(WHOLE);
    expect(server.asked).toBe(NEW_SIZE);
  });

  test("the image that runs is no news, with a patch or without", () => {
    const server = connect();
    putImageId(oldImage, server.id);
    expect(update(server)).toBe("");
    expect(server.requests).toBe(0);
  });

  test("bytes behind its end are not asked for", () => {
    endPatch(patchBytes + 5000);
    const server = connect();
    expect(update(server)).toBe(BY_PATCH);
    expectTrial();
  });
});

describe("UpdateClient: a restart in the middle of a patch", () => {
  test("it is read from its beginning; sectors that are whole are not written again", () => {
    const server = connect();
    server.offer(NEW_SIZE);
    // Head, 2 %, first piece.
    server.serve(3);
    expect(stored().sectorsLoaded).toBe(1);
    const later = connect();
    // Words of the two other sectors, their erases and bits of progress, and the snapshots before and after.
    setFlashWords((NEW_SIZE - 4096) / 4 + 80);
    expect(update(later)).toBe(BY_PATCH);
    expect(isCut()).toBe(false);
    setFlashWords(-1);
    expect(later.asked).toBe(patchBytes);
    expectTrial();
  });

  test("after its last sector nothing is asked for but the head", () => {
    const server = connect();
    server.offer(NEW_SIZE);
    // Head, 2 %, first piece, 54 %, second piece.
    server.serve(5);
    expect(stored().sectorsLoaded).toBe(3);
    const later = connect();
    expect(update(later)).toBe("3 4 5");
    expect(later.asked).toBe(PATCH_OPERATIONS_OFFSET);
    expectTrial();
  });

  test("without the patch this time: begun anew", () => {
    const server = connect();
    server.offer(NEW_SIZE);
    server.serve(3);
    const later = connect();
    later.patch = 0;
    expect(update(later)).toBe(WHOLE);
    expect(later.asked).toBe(NEW_SIZE);
    expectTrial();
  });

  test("power cuts anywhere: the old program is untouched, the same offer ends with the new one in place", () => {
    keepFlash();
    const words = NEW_SIZE / 4 + 70;
    for (let cut: u32 = 0; cut < words; cut += cut < 60 ? 1 : 61) {
      bringBackFlash();
      setTearSeed(cut * 31);
      setFlashWords(cut);
      update(connect());
      setFlashWords(-1);
      expect(stored().state(Slot.A)).toBe(SlotState.Confirmed);
      setFlashWords((cut * 7) % words);
      update(connect());
      setFlashWords(-1);
      if (stored().state(Slot.B) != SlotState.Trial) update(connect());
      expectTrial();
    }
  });
});

describe("UpdateClient: a patch that is of no use is reported, and the whole image asked for", () => {
  test("its head: nothing, half of it, another magic, version, base or size, too long", () => {
    patchBytes = 0;
    expectGivenUp(UpdateFailure.NotAvailable);
    patchBytes = PATCH_OPERATIONS_OFFSET - 1;
    expectGivenUp(UpdateFailure.Truncated);
    flip(0);
    expectGivenUp(UpdateFailure.NotAnImage);
    flip(PATCH_VERSION_OFFSET);
    expectGivenUp(UpdateFailure.HeaderVersion);
    flip(PATCH_BASE_ID_OFFSET + IMAGE_ID_BYTES - 1);
    expectGivenUp(UpdateFailure.WrongBase);
    flip(PATCH_BASE_BYTES_OFFSET);
    expectGivenUp(UpdateFailure.WrongBase);
    patchBytes--;
    expectGivenUp(UpdateFailure.NotAsOffered);
    endPatch(FLASH_SLOT_BYTES + 1);
    expectGivenUp(UpdateFailure.TooLarge);
  });

  test("its image: of another product, not signed, not the one offered", () => {
    flip(PATCH_IMAGE_HEADER_OFFSET + 16);
    expectGivenUp(UpdateFailure.WrongProduct);
    // The id covers the signature, so this is another image than the one offered.
    flip(PATCH_OPERATIONS_OFFSET - 1);
    expectGivenUp(UpdateFailure.NotAsOffered);
  });

  test("operations that make no sense, at once or after some sectors", () => {
    store<u8>(patch + PATCH_OPERATIONS_OFFSET, 0xff);
    expectGivenUp(UpdateFailure.BadPatch, "2%2 ");
    // Copies more than the base has.
    putNumber(PATCH_OPERATIONS_OFFSET + 1, OLD_BYTES + 1);
    expectGivenUp(UpdateFailure.BadPatch, "2%2 ");
    // The insert claims more than the payload has left.
    putNumber(PATCH_OPERATIONS_OFFSET + 4, INSERTED_BYTES - 15);
    expectGivenUp(UpdateFailure.BadPatch, "2%2 ");
    // Claims less: what follows is no operation.
    putNumber(PATCH_OPERATIONS_OFFSET + 4, INSERTED_BYTES - 17);
    store<u8>(patch + patchBytes - 1, 0xff);
    expectGivenUp(UpdateFailure.BadPatch, "2%2 2%54 ");
  });

  test("one that ends too early, or never makes anything", () => {
    endPatch(patchBytes - 1);
    expectGivenUp(UpdateFailure.BadPatch, "2%2 2%54 ");
    memory.fill(patch + PATCH_OPERATIONS_OFFSET, 0, 10000);
    for (let at: u32 = PATCH_OPERATIONS_OFFSET; at < 10000; at += 2) store<u8>(patch + at, PatchOperation.Seek);
    endPatch(10000);
    expectGivenUp(UpdateFailure.BadPatch, "2%2 2%2 2%2 ");
  });

  test("the server has less of it than it said", () => {
    const server = connect();
    server.offer(NEW_SIZE);
    server.patchBytes = 4320;
    server.serve();
    expect(server.takeReports()).toBe("2%2 2%54 2:13 " + WHOLE);
    expectTrial();
  });

  test("another payload than the one that was signed", () => {
    flip(patchBytes - 1);
    expectGivenUp(UpdateFailure.BadDigest, "2%2 2%54 ");
  });

  test("the whole image is bad too: given up, for its own reason", () => {
    flip(patchBytes - 1);
    store<u8>(newImage + 5000, load<u8>(newImage + 5000) ^ 1);
    const server = connect();
    expect(update(server)).toBe("2%2 2%54 2:12 2%2 2%44 2%89 3 2%2 2%44 2%89 3 8:12");
    expect(stored().state(Slot.B)).toBe(SlotState.Empty);
    expect(stored().failure).toBe(UpdateFailure.BadDigest);
    expect(update(server)).toBe("8:12");
  });

  test("an old image by patch is as old as the image itself", () => {
    const states = stored();
    states.floor = 3;
    states.append();
    store<u32>(newImage, 2, IMAGE_SECURITY_COUNTER_OFFSET);
    signHeader(newImage, 0);
    putPatch();
    const server = connect();
    expect(update(server)).toBe("2:9 8:9");
    expect(stored().state(Slot.B)).toBe(SlotState.Empty);
  });

  test("a restart after that: the whole image goes on, the patch is not tried again", () => {
    flip(0);
    const server = connect();
    server.offer(NEW_SIZE);
    // Head of the patch, report, header, 2 %, first sector.
    server.serve(5);
    expect(server.takeReports()).toBe("2:1 2%2");
    expect(stored().sectorsLoaded).toBe(1);
    const later = connect();
    expect(update(later)).toBe("2%44 2%89 3 4 5");
    expect(later.asked).toBe(IMAGE_HEADER_BYTES + NEW_SIZE - 4096);
    expectTrial();
  });

  test("a new offer voids the report that was not sent yet", () => {
    flip(0);
    const server = connect();
    server.offer(NEW_SIZE);
    server.serve(1);
    expect(server.takeReports()).toBe("");
    server.device.connected(0);
    server.device.welcomed(0);
    server.patch = 0;
    expect(update(server)).toBe(WHOLE);
  });
});
