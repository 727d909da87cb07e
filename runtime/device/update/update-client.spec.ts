/** Updates from a server in memory: offers, refusals, losses, restarts, and what is in flash afterwards. */
import { FLASH_SECTOR_BYTES, FLASH_SLOT_A_OFFSET, FLASH_SLOT_B_OFFSET, Slot } from "../../contract/flash-map.ts";
import { IMAGE_HEADER_BYTES, IMAGE_SECURITY_COUNTER_OFFSET } from "../../contract/image-header.ts";
import { ACK_TIMEOUT_MS, RESEND_MAX } from "../../contract/limits.ts";
import { SlotState } from "../../contract/slot-record.ts";
import { CHANNEL_ACK, CHANNEL_CHUNK, CHANNEL_OFFER } from "../../contract/topics.ts";
import { UpdateFailure } from "../../contract/update-messages.ts";
import { Taken } from "../session/session-part.ts";
import { hexOf, putHex } from "../testing/hex.ts";
import { putBoard, putImage, putImageId, signHeader, signImage } from "../testing/images.ts";
import {
  bringBackFlash,
  deadlineMs,
  keepFlash,
  putFlash,
  resetStage,
  restarts,
  setFlashWords,
  setSlot,
  setStuck,
  setTearSeed,
  takeFlash,
} from "../testing/stage.ts";
import { UpdateServer } from "../testing/update-server.ts";
import { PatchLoader } from "./patch-loader.ts";
import { SlotStates } from "./slot-states.ts";
import { UpdateClient } from "./update-client.ts";

const OLD_BYTES: u32 = 900;
/** Two whole sectors, and a third one that ends in the middle of a word. */
const NEW_BYTES: u32 = 9001;
const NEW_SIZE: u32 = NEW_BYTES + IMAGE_HEADER_BYTES;
const oldImage = memory.data(2048, 4);
const newImage = memory.data(16384, 4);
const found = memory.data(16384, 4);

function stored(): SlotStates {
  const states = new SlotStates();
  states.load();
  return states;
}

/** A board that runs a confirmed image from slot A. */
function putRunning(): void {
  putBoard();
  const states = stored();
  putImage(oldImage, OLD_BYTES, 1);
  putFlash(FLASH_SLOT_A_OFFSET, oldImage, IMAGE_HEADER_BYTES + OLD_BYTES);
  putImageId(oldImage, found);
  states.setState(Slot.A, SlotState.Confirmed);
  states.setImage(Slot.A, found);
  states.floor = 1;
  states.append();
}

/** The program starts and meets its server, which has the new image. */
function connect(): UpdateServer {
  const client = new UpdateClient(new PatchLoader());
  client.begin();
  const server = new UpdateServer(client);
  server.image = newImage;
  server.imageBytes = NEW_SIZE;
  putImageId(newImage, server.id);
  putImageId(oldImage, server.base);
  client.connected(0);
  client.welcomed(0);
  return server;
}

function offerNew(server: UpdateServer, retry: bool = false): void {
  expect(server.offer(NEW_SIZE, retry)).toBe(Taken.Taken);
  server.serve();
}

/** Offers the image as it is now, and expects it to be refused with nothing written. */
function expectRefusal(failure: UpdateFailure): void {
  resetStage();
  putRunning();
  keepFlash();
  const server = connect();
  offerNew(server);
  expect(server.takeReports()).toBe("8:" + (<i32>failure).toString());
  expect(server.requests).toBe(1);
  expect(stored().state(Slot.B)).toBe(SlotState.Empty);
  takeFlash(FLASH_SLOT_B_OFFSET, found, IMAGE_HEADER_BYTES);
  expect(load<u32>(found)).toBe(0xffffffff);
  // It was not tried, so it may be offered again.
  offerNew(server);
  expect(server.requests).toBe(2);
}

function isWholeInB(): bool {
  takeFlash(FLASH_SLOT_B_OFFSET, found, NEW_SIZE);
  for (let i: u32 = 0; i < NEW_SIZE; i++) {
    if (load<u8>(found + i) != load<u8>(newImage + i)) return false;
  }
  return true;
}

function expectTrial(): void {
  const states = stored();
  expect(isWholeInB()).toBe(true);
  expect(states.state(Slot.A)).toBe(SlotState.Confirmed);
  expect(states.state(Slot.B)).toBe(SlotState.Trial);
  expect(states.preferred).toBe(Slot.B);
  expect(states.hasAttempts).toBe(true);
  putImageId(newImage, found);
  expect(hexOf(states.image(Slot.B), 8)).toBe(hexOf(found, 8));
}

const ALL_REPORTS = "2%2 2%44 2%89 3 4 5";

beforeEach(() => {
  resetStage();
  putRunning();
  putImage(newImage, NEW_BYTES, 2);
});

describe("UpdateClient: an update", () => {
  test("is loaded, verified, put on trial, and started a second after the last report", () => {
    const server = connect();
    offerNew(server);
    expect(server.takeReports()).toBe(ALL_REPORTS);
    // The header, and each sector once.
    expect(server.requests).toBe(4);
    expect(server.asked).toBe(NEW_SIZE);
    expectTrial();
    expect(restarts()).toBe(0);
    expect(server.device.delayMs(server.nowMs)).toBe(1000);
    server.wait(1);
    expect(restarts() > 0).toBe(true);
  });

  test("chunks of any size", () => {
    const sizes: u32[] = [768, 512, 256, 196];
    for (let i = 0; i < sizes.length; i++) {
      resetStage();
      putRunning();
      const server = connect();
      server.chunkBytes = sizes[i];
      offerNew(server);
      expect(server.takeReports()).toBe(ALL_REPORTS);
      expectTrial();
    }
  });

  test("chunks that are not of whole words: what is left of them is asked for again", () => {
    const server = connect();
    server.chunkBytes = 767;
    offerNew(server);
    server.wait(400);
    expect(server.takeReports()).toBe(ALL_REPORTS);
    expectTrial();
  });

  test("chunks that get lost are asked for again after a while", () => {
    const server = connect();
    server.lossEvery = 5;
    offerNew(server);
    expect(server.reports.includes("4")).toBe(false);
    server.wait(200);
    expect(server.reports.includes("4")).toBe(true);
    expectTrial();
  });

  test("a server that falls silent: so many requests, then nothing; the next connection goes on", () => {
    const server = connect();
    server.imageBytes = IMAGE_HEADER_BYTES;
    server.offer(NEW_SIZE);
    server.lossEvery = 2;
    server.serve();
    server.lossEvery = 1;
    server.imageBytes = 0x10000;
    server.wait((ACK_TIMEOUT_MS / 1000) * (RESEND_MAX + 3));
    const requests = server.requests;
    server.wait(1000);
    expect(server.requests).toBe(requests);
    server.lossEvery = 0;
    server.device.connected(server.nowMs);
    server.device.welcomed(server.nowMs);
    offerNew(server);
    server.wait(1);
    expectTrial();
  });

  test("what runs is not loaded, a repeated offer changes nothing", () => {
    const server = connect();
    putImageId(oldImage, server.id);
    offerNew(server);
    expect(server.requests).toBe(0);
    putImageId(newImage, server.id);
    server.offer(NEW_SIZE);
    server.serve(3);
    server.offer(NEW_SIZE);
    server.serve();
    expect(server.takeReports()).toBe(ALL_REPORTS);
    expect(server.requests).toBe(4);
  });

  test("another image is offered half-way: that one is loaded", () => {
    const server = connect();
    putImage(newImage, NEW_BYTES, 3);
    putImageId(newImage, server.id);
    server.offer(NEW_SIZE);
    server.serve(5);
    putImage(newImage, NEW_BYTES, 4);
    putImageId(newImage, server.id);
    offerNew(server);
    expectTrial();
  });

  test("a program on trial takes no offer: it may need the other slot", () => {
    const server = connect();
    const states = stored();
    states.setState(Slot.A, SlotState.Trial);
    states.append();
    const trial = new UpdateClient(new PatchLoader());
    trial.begin();
    const other = new UpdateServer(trial);
    putImageId(newImage, other.id);
    other.offer(NEW_SIZE);
    expect(trial.owes(0)).toBe(false);
    expect(server.requests).toBe(0);
  });

  test("the recovery program loads into slot A, or goes on in the slot that is loading", () => {
    setSlot(Slot.Boot);
    const states = stored();
    states.setState(Slot.A, SlotState.Failed);
    states.append();
    let server = connect();
    server.offer(NEW_SIZE);
    server.serve(6);
    expect(stored().state(Slot.A)).toBe(SlotState.Loading);
    const again = stored();
    again.setState(Slot.A, SlotState.Failed);
    again.setState(Slot.B, SlotState.Loading);
    again.append();
    server = connect();
    offerNew(server);
    expect(stored().state(Slot.B)).toBe(SlotState.Trial);
    expect(isWholeInB()).toBe(true);
  });
});

describe("UpdateClient: refusals, before anything is written", () => {
  test("a replay, an unknown key, a bad signature, another product: each its reason", () => {
    store<u32>(newImage, 0, IMAGE_SECURITY_COUNTER_OFFSET);
    signImage(newImage, 0);
    expectRefusal(UpdateFailure.Replayed);
    putImage(newImage, NEW_BYTES, 2);
    signHeader(newImage, 1);
    expectRefusal(UpdateFailure.UnknownKey);
    putImage(newImage, NEW_BYTES, 2);
    store<u8>(newImage + 130, load<u8>(newImage + 130) ^ 1);
    expectRefusal(UpdateFailure.BadSignature);
    putImage(newImage, NEW_BYTES, 2);
    store<u8>(newImage + 16, 0x58);
    signImage(newImage, 0);
    expectRefusal(UpdateFailure.WrongProduct);
    store<u32>(newImage, 0);
    expectRefusal(UpdateFailure.NotAnImage);
  });

  test("another size or another image than offered", () => {
    const server = connect();
    server.offer(NEW_SIZE + 1);
    server.serve();
    expect(server.takeReports()).toBe("8:26");
    putImageId(oldImage, server.id);
    store<u8>(server.id, load<u8>(server.id) ^ 1);
    offerNew(server);
    expect(server.takeReports()).toBe("8:26");
  });

  test("no such image, and half a header", () => {
    const server = connect();
    server.imageBytes = 0;
    offerNew(server);
    expect(server.takeReports()).toBe("8:16");
    server.imageBytes = 100;
    offerNew(server);
    expect(server.takeReports()).toBe("8:13");
  });
});

describe("UpdateClient: failures on the way", () => {
  test("the payload is not what was signed: loaded once more, then given up, refused from then on, tried again if told so", () => {
    store<u8>(newImage + 5000, load<u8>(newImage + 5000) ^ 1);
    const server = connect();
    offerNew(server);
    expect(server.takeReports()).toBe("2%2 2%44 2%89 3 2%2 2%44 2%89 3 8:12");
    expect(stored().state(Slot.B)).toBe(SlotState.Empty);
    expect(stored().failure).toBe(UpdateFailure.BadDigest);
    const requests = server.requests;
    offerNew(server);
    expect(server.requests).toBe(requests);
    expect(server.takeReports()).toBe("8:12");
    // After a restart too.
    const later = connect();
    expect(later.turn()).toBe(true);
    expect(later.takeReports()).toBe("8:12");
    offerNew(later);
    expect(later.takeReports()).toBe("8:12");
    store<u8>(newImage + 5000, load<u8>(newImage + 5000) ^ 1);
    offerNew(later, true);
    expect(later.takeReports()).toBe(ALL_REPORTS);
    expectTrial();
    expect(stored().failure).toBe(UpdateFailure.None);
  });

  test("a bit turns over in a sector that is loaded already: the image is loaded anew, once", () => {
    const bits: i32[] = [0, 8 * 100, 8 * 3000 + 7];
    for (let i = 0; i < bits.length; i++) {
      const bit = bits[i];
      const mask = 1 << (bit & 7);
      resetStage();
      putRunning();
      const server = connect();
      server.offer(NEW_SIZE);
      while (stored().sectorsLoaded < 2) server.serve(1);
      server.takeReports();
      takeFlash(FLASH_SLOT_B_OFFSET + bit / 8, found, 1);
      store<u8>(found, load<u8>(found) ^ <u8>mask);
      putFlash(FLASH_SLOT_B_OFFSET + bit / 8, found, 1);
      const later = connect();
      offerNew(later);
      expect(later.takeReports()).toBe("2%89 3 2%2 2%44 2%89 3 4 5");
      expectTrial();
      expect(stored().failure).toBe(UpdateFailure.None);
    }
  });

  test("the server has less than the header says; once it has all of it, loading goes on", () => {
    const server = connect();
    server.imageBytes = 5000;
    offerNew(server);
    server.wait(20);
    expect(server.reports[server.reports.length - 1]).toBe("8:13");
    expect(stored().state(Slot.B)).toBe(SlotState.Loading);
    expect(stored().sectorsLoaded).toBe(1);
    server.imageBytes = NEW_SIZE;
    server.asked = 0;
    offerNew(server);
    expectTrial();
    expect(server.asked).toBe(IMAGE_HEADER_BYTES + NEW_SIZE - FLASH_SECTOR_BYTES);
  });

  test("the server lacks the last bytes, fewer than a word of flash", () => {
    for (let missing: u32 = 1; missing < 4; missing++) {
      const server = connect();
      server.imageBytes = NEW_SIZE - missing;
      offerNew(server);
      server.wait(40);
      expect(server.reports[server.reports.length - 1]).toBe("8:13");
    }
  });

  test("a bit of flash that does not clear", () => {
    // The header's magic is not all ones anywhere.
    setStuck(FLASH_SLOT_B_OFFSET + FLASH_SECTOR_BYTES + 40, 0xff);
    store<u8>(newImage + FLASH_SECTOR_BYTES + 40, 0);
    signImage(newImage, 0);
    const server = connect();
    offerNew(server);
    expect(server.reports[server.reports.length - 1]).toBe("8:17");
    expect(stored().failure).toBe(UpdateFailure.FlashFault);
    expect(stored().state(Slot.A)).toBe(SlotState.Confirmed);
  });

  test("power cuts anywhere: the old program is untouched, the same offer ends with the new one in place", () => {
    keepFlash();
    // Words of flash that a whole update takes, about.
    const words = NEW_SIZE / 4 + 70;
    for (let cut: u32 = 0; cut < words; cut += cut < 60 ? 1 : 61) {
      bringBackFlash();
      setTearSeed(cut * 31);
      setFlashWords(cut);
      offerNew(connect());
      setFlashWords(-1);
      expect(stored().state(Slot.A)).toBe(SlotState.Confirmed);
      // And a second time, somewhere in what was left to do.
      setFlashWords((cut * 7) % words);
      offerNew(connect());
      setFlashWords(-1);
      if (stored().state(Slot.B) != SlotState.Trial) offerNew(connect());
      expectTrial();
      expect(stored().failure).toBe(UpdateFailure.None);
    }
  });

  test("after a restart loading goes on with the first sector that is not whole", () => {
    const server = connect();
    server.offer(NEW_SIZE);
    // Header, 2 %, first sector, 44 %, second sector.
    server.serve(5);
    expect(stored().sectorsLoaded).toBe(2);
    const later = connect();
    offerNew(later);
    expect(later.requests).toBe(2);
    expect(later.takeReports()).toBe("2%89 3 4 5");
    expectTrial();
  });
});

describe("UpdateClient: the new program", () => {
  test("the server's answer confirms it: floor, deadline, report, once", () => {
    offerNew(connect());
    setSlot(Slot.B);
    const server = connect();
    const client = changetype<UpdateClient>(server.device);
    expect(client.isOnTrial).toBe(false);
    expect(stored().state(Slot.B)).toBe(SlotState.Confirmed);
    expect(stored().preferred).toBe(Slot.B);
    expect(hexOf(client.image, 8)).toBe(hexOf(server.id, 8));
    server.serve();
    expect(server.takeReports()).toBe("6");
    client.connected(0);
    client.welcomed(0);
    server.serve();
    expect(server.takeReports()).toBe("");
  });

  test("before that it is on trial, and the deadline stands", () => {
    offerNew(connect());
    setSlot(Slot.B);
    const client = new UpdateClient(new PatchLoader());
    client.begin();
    client.connected(0);
    client.poll(0);
    expect(client.isOnTrial).toBe(true);
    expect(stored().state(Slot.B)).toBe(SlotState.Trial);
  });

  test("a higher security counter raises the floor, a lower one does not lower it", () => {
    store<u32>(newImage, 9, IMAGE_SECURITY_COUNTER_OFFSET);
    signImage(newImage, 0);
    offerNew(connect());
    expect(stored().floor).toBe(1);
    setSlot(Slot.B);
    connect();
    expect(stored().floor).toBe(9);
    expect(deadlineMs()).toBe(0);
  });

  test("what was given up is reported on each connection, as rolled back when it had run", () => {
    const states = stored();
    putImageId(newImage, found);
    states.setFailure(UpdateFailure.NoServer, found);
    states.append();
    const server = connect();
    expect(changetype<UpdateClient>(server.device).failure).toBe(UpdateFailure.NoServer);
    server.serve();
    expect(server.takeReports()).toBe("7:22");
    offerNew(server);
    expect(server.takeReports()).toBe("7:22");
    expect(server.requests).toBe(0);
  });

  test("an image that was damaged in flash is loaded again", () => {
    const states = stored();
    putImageId(newImage, found);
    states.setFailure(UpdateFailure.Damaged, found);
    states.append();
    const server = connect();
    offerNew(server);
    expect(server.takeReports()).toBe("7:25 " + ALL_REPORTS);
    expectTrial();
  });
});

describe("UpdateClient: bad messages", () => {
  test("cut short, of the wrong type, too long: malformed, and nothing changes", () => {
    const server = connect();
    const offers = [
      "",
      "80",
      "a0",
      "a1004108",
      "a2004701020304050607" + "0101",
      "a20048010203040506070801",
      "a1004801020304050607080",
    ];
    for (let i = 0; i < offers.length; i++) {
      expect(takeHex(server, CHANNEL_OFFER, offers[i])).toBe(Taken.Malformed);
    }
    const chunks = ["a0", "a3004801020304050607080100", "a2004801020304050607080100", "a3004801020304050607080100020a"];
    for (let i = 0; i < chunks.length; i++) {
      expect(takeHex(server, CHANNEL_CHUNK, chunks[i])).toBe(Taken.Malformed);
    }
    expect(takeHex(server, CHANNEL_ACK, "a0")).toBe(Taken.NotMine);
    expect(server.device.owes(0)).toBe(false);
  });

  test("chunks that nobody asked for: of another image, another place, of a patch, before and after", () => {
    const server = connect();
    expect(server.sendChunk(0, 192, false)).toBe(Taken.Taken);
    server.offer(NEW_SIZE);
    expect(server.sendChunk(0, 192, false)).toBe(Taken.Taken);
    server.patch = newImage;
    server.serve(3);
    expect(server.sendChunk(4, 192, false)).toBe(Taken.Taken);
    expect(server.sendChunk(0, 192, true)).toBe(Taken.Taken);
    store<u8>(server.id, load<u8>(server.id) ^ 1);
    expect(server.sendChunk(IMAGE_HEADER_BYTES, 192, false)).toBe(Taken.Taken);
    store<u8>(server.id, load<u8>(server.id) ^ 1);
    server.serve();
    expectTrial();
    expect(server.sendChunk(0, 192, false)).toBe(Taken.Taken);
    expectTrial();
  });
});

function takeHex(server: UpdateServer, channel: string, hex: string): Taken {
  const bytes = putHex(found, hex);
  return server.sendRaw(channel, found, bytes);
}
