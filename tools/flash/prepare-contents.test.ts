import { beforeAll, expect, test } from "vitest";
import { ImageArch } from "../../runtime/contract/image-header.ts";
import { emulatedHostImage } from "../../runtime/esp8266/device/emulated-host.ts";
import { decodeImageHeader } from "../../runtime/image/image-header.ts";
import { readBoard } from "../build/board.ts";
import { planPins } from "../build/pin-plan.ts";
import { newKey, publicHalf, publicPoint } from "../image/keys.ts";
import { packImage, signImage, verifyImage } from "../image/pack-image.ts";
import { flashPlan } from "./flash-plan.ts";
import { type ContentsOptions, prepareContents } from "./prepare-contents.ts";

const board = readBoard("nodemcu-v2");
const key = newKey();
const host = { name: "host", bytes: emulatedHostImage() };
let built: Awaited<ReturnType<typeof prepareContents>>;

beforeAll(async () => {
  const { pins } = planPins("firmware/counter", board, new Map());
  built = await prepareContents({ board, host, key, program: { path: "firmware/counter", pins } });
}, 60_000);

/** A signed image of no program. */
function image({ arch = ImageArch.Lx106, boardId = 0, signer = key } = {}): ContentsOptions["program"] {
  const fields = { payload: new Uint8Array(64), product: "counter", version: "1.0", ramBytes: 8192 };
  return { name: "it", image: signImage(packImage({ ...fields, arch, board: boardId }), signer) };
}

function prepare(program: ContentsOptions["program"], trusted = key) {
  return prepareContents({ board, host, key: trusted, program });
}

test("a program from its sources: signed, for this board, in its place", async () => {
  expect(verifyImage(built.image, [publicPoint(key)]).ok).toBe(true);
  const header = decodeImageHeader(built.image);
  expect(header).toMatchObject({ product: "counter", board: board.id, arch: ImageArch.Lx106 });
  const places = flashPlan(built).map(({ name, offset }) => `${name} ${offset.toString(16)}`);
  // contract/flash-map.ts, behind the 768 KiB of the host.
  expect(places).toEqual([
    "host 0",
    "boot program c0000",
    "factory record c7000",
    "slot states c8000",
    "program cc000",
  ]);
});

test("an image that is there, for this board or any, with the public key alone", async () => {
  for (const boardId of [0, board.id]) {
    const contents = await prepare(image({ boardId }), publicHalf(key));
    expect(contents.product).toBe("counter");
    expect(contents.publicKeys).toEqual([publicPoint(key)]);
  }
});

test.each([
  ["for another board", image({ boardId: 4711 }), /it is for board 4711, and nodemcu-v2 is board 1: .*--board/],
  ["signed with another key", image({ signer: newKey() }), /it is not signed with a key that is trusted/],
  ["for the other engine", image({ arch: ImageArch.Wasm32 }), /it is for another kind of machine/],
  ["no image", { name: "it", image: new Uint8Array(300) }, /it is not an image/],
])("an image %s is refused, and nothing is made", async (_, program, message) => {
  await expect(prepare(program)).rejects.toThrow(message);
});

test("what is too large for its place is told with both sizes", () => {
  const large = { ...built, image: new Uint8Array(70_000) };
  expect(() => flashPlan(large)).toThrow("the program takes 70000 bytes, its place in flash has 65536");
});
