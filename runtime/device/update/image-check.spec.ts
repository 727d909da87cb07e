/** Each reason to refuse an image, one at a time, and in their order. Images are signed by node:crypto. */
import { FLASH_FACTORY_OFFSET, FLASH_SLOT_A_OFFSET, FLASH_SLOT_BYTES } from "../../contract/flash-map.ts";
import {
  IMAGE_ABI_OFFSET,
  IMAGE_ARCH_OFFSET,
  IMAGE_BOARD_OFFSET,
  IMAGE_HEADER_BYTES,
  IMAGE_KEY_ID_OFFSET,
  IMAGE_PAYLOAD_BYTES_OFFSET,
  IMAGE_PRODUCT_OFFSET,
  IMAGE_RAM_BYTES_OFFSET,
  IMAGE_RESERVED_OFFSET,
  IMAGE_SECURITY_COUNTER_OFFSET,
  IMAGE_SIGNATURE_OFFSET,
  IMAGE_VERSION_OFFSET,
  ImageArch,
} from "../../contract/image-header.ts";
import { PROGRAM_RAM_BYTES } from "../../contract/limits.ts";
import { UpdateFailure } from "../../contract/update-messages.ts";
import { putBoard, putImage, signHeader } from "../testing/images.ts";
import { putFlash, resetStage, setAbi, setBoard } from "../testing/stage.ts";
import { ImageCheck } from "./image-check.ts";

const PAYLOAD_BYTES: u32 = 1001;
const image = memory.data(2048, 4);
const check = new ImageCheck();

/** Puts the image into slot A and judges it there. */
function judge(floor: u32 = 0, withSignature: bool = true): UpdateFailure {
  putFlash(FLASH_SLOT_A_OFFSET, image, IMAGE_HEADER_BYTES + PAYLOAD_BYTES);
  return check.checkImage(FLASH_SLOT_A_OFFSET, floor, withSignature);
}

/** With one word of the header changed, and signed as changed. */
function judgeWith(offset: u32, word: u32): UpdateFailure {
  store<u32>(image + offset, word);
  signHeader(image, 0);
  return judge();
}

function flip(offset: u32): void {
  store<u8>(image + offset, load<u8>(image + offset) ^ 0x10);
}

beforeEach(() => {
  resetStage();
  putBoard();
  putImage(image, PAYLOAD_BYTES, 1);
});

describe("ImageCheck", () => {
  test("a good image", () => {
    expect(judge()).toBe(UpdateFailure.None);
    expect(check.counter).toBe(1);
    expect(check.payloadBytes).toBe(PAYLOAD_BYTES);
  });

  test("blank flash, zeros, another magic, no payload: not an image", () => {
    expect(check.checkImage(FLASH_SLOT_A_OFFSET, 0, true)).toBe(UpdateFailure.NotAnImage);
    expect(check.readHeader(FLASH_SLOT_A_OFFSET)).toBe(false);
    expect(judgeWith(0, 0)).toBe(UpdateFailure.NotAnImage);
    expect(judgeWith(0, 0x4c544e4d)).toBe(UpdateFailure.NotAnImage);
    putImage(image, PAYLOAD_BYTES, 1);
    expect(judgeWith(IMAGE_PAYLOAD_BYTES_OFFSET, 0)).toBe(UpdateFailure.NotAnImage);
  });

  test("each field has its own reason", () => {
    expect(judgeWith(IMAGE_VERSION_OFFSET, 2)).toBe(UpdateFailure.HeaderVersion);
    putImage(image, PAYLOAD_BYTES, 1);
    expect(judgeWith(IMAGE_ARCH_OFFSET, ImageArch.Lx106)).toBe(UpdateFailure.WrongArch);
    putImage(image, PAYLOAD_BYTES, 1);
    expect(judgeWith(IMAGE_ABI_OFFSET, 2)).toBe(UpdateFailure.AbiTooNew);
    setAbi(2);
    expect(judge()).toBe(UpdateFailure.None);
    putImage(image, PAYLOAD_BYTES, 1);
    expect(judgeWith(IMAGE_PRODUCT_OFFSET, 0x746f6f62)).toBe(UpdateFailure.WrongProduct);
    putImage(image, PAYLOAD_BYTES, 1);
    // "counter" and one letter more.
    expect(judgeWith(IMAGE_PRODUCT_OFFSET + 4, 0x73726574)).toBe(UpdateFailure.WrongProduct);
    putImage(image, PAYLOAD_BYTES, 1);
    expect(judgeWith(IMAGE_BOARD_OFFSET, 7)).toBe(UpdateFailure.WrongBoard);
    setBoard(7);
    expect(judge()).toBe(UpdateFailure.None);
    putImage(image, PAYLOAD_BYTES, 1);
    const room: u32 = FLASH_SLOT_BYTES - IMAGE_HEADER_BYTES;
    expect(judgeWith(IMAGE_PAYLOAD_BYTES_OFFSET, room + 1)).toBe(UpdateFailure.TooLarge);
    expect(judgeWith(IMAGE_PAYLOAD_BYTES_OFFSET, 0xffffffff)).toBe(UpdateFailure.TooLarge);
    expect(judgeWith(IMAGE_PAYLOAD_BYTES_OFFSET, room)).toBe(UpdateFailure.BadDigest);
    putImage(image, PAYLOAD_BYTES, 1);
    expect(judgeWith(IMAGE_RAM_BYTES_OFFSET, PROGRAM_RAM_BYTES)).toBe(UpdateFailure.None);
    expect(judgeWith(IMAGE_RAM_BYTES_OFFSET, PROGRAM_RAM_BYTES + 1)).toBe(UpdateFailure.TooMuchRam);
  });

  test("the security counter: the floor itself is taken, below it is a replay, large ones are not negative", () => {
    expect(judge(1)).toBe(UpdateFailure.None);
    expect(judge(2)).toBe(UpdateFailure.Replayed);
    expect(judgeWith(IMAGE_SECURITY_COUNTER_OFFSET, 0x80000000)).toBe(UpdateFailure.None);
    expect(judge(0x7fffffff)).toBe(UpdateFailure.None);
    expect(judge(0x80000001)).toBe(UpdateFailure.Replayed);
  });

  test("keys: an unknown one, the second of two, a key id that lies", () => {
    signHeader(image, 1);
    expect(judge()).toBe(UpdateFailure.UnknownKey);
    putBoard(2);
    expect(judge()).toBe(UpdateFailure.None);
    flip(IMAGE_KEY_ID_OFFSET);
    expect(judge()).toBe(UpdateFailure.UnknownKey);
  });

  test("any signed byte changed, or the signature: bad signature, whatever the field", () => {
    const offsets: u32[] = [IMAGE_RESERVED_OFFSET, 127, 36, 64, IMAGE_SIGNATURE_OFFSET, IMAGE_SIGNATURE_OFFSET + 63];
    for (let i = 0; i < offsets.length; i++) {
      putImage(image, PAYLOAD_BYTES, 1);
      flip(offsets[i]);
      expect(judge()).toBe(UpdateFailure.BadSignature);
    }
    putImage(image, PAYLOAD_BYTES, 1);
    memory.fill(image + IMAGE_SIGNATURE_OFFSET, 0, 64);
    expect(judge()).toBe(UpdateFailure.BadSignature);
  });

  test("a payload byte changed, the first, the last: bad digest, with the signature checked or not", () => {
    const offsets: u32[] = [0, 500, PAYLOAD_BYTES - 1];
    for (let i = 0; i < offsets.length; i++) {
      putImage(image, PAYLOAD_BYTES, 1);
      flip(IMAGE_HEADER_BYTES + offsets[i]);
      expect(judge()).toBe(UpdateFailure.BadDigest);
      expect(judge(0, false)).toBe(UpdateFailure.BadDigest);
    }
  });

  test("without the signature: that alone is left out", () => {
    flip(IMAGE_SIGNATURE_OFFSET);
    expect(judge(0, false)).toBe(UpdateFailure.None);
    expect(judge(2, false)).toBe(UpdateFailure.Replayed);
  });

  test("no factory record, or a damaged one: nothing is trusted", () => {
    memory.fill(image + 1500, 0xff, 164);
    putFlash(FLASH_FACTORY_OFFSET, image + 1500, 164);
    expect(judge()).toBe(UpdateFailure.WrongProduct);
    putBoard();
    store<u32>(image + 1500, 0xfffffffe);
    putFlash(FLASH_FACTORY_OFFSET + 28, image + 1500, 4);
    expect(judge()).toBe(UpdateFailure.UnknownKey);
    putBoard(0);
    expect(judge()).toBe(UpdateFailure.UnknownKey);
  });
});
