import { expect, test } from "vitest";
import { BOOT_PRODUCT } from "../../runtime/contract/image-header.ts";
import { Standing } from "../access/registration.ts";
import { isVersionRange, judgeDevice, type TargetDevice, type TargetImage } from "./target.ts";

const DEVICE: TargetDevice = {
  mac: "5ccf7f000001",
  project: 3,
  tags: ["window", "north"],
  isInFleet: false,
  standing: Standing.Active,
  product: "counter",
  version: "1.2.0",
  board: 2,
  abi: 4,
  image: "00000000000000aa",
  arch: 2,
  securityCounter: 7,
  failedImage: null,
};
const IMAGE: TargetImage = {
  id: "00000000000000bb",
  product: "counter",
  version: "1.3.0",
  arch: 2,
  abi: 4,
  board: 0,
  securityCounter: 7,
};

test.each<[string, Partial<TargetDevice>, Partial<TargetImage>, object, string]>([
  ["of another product", { product: "beacon" }, {}, {}, "other-product"],
  ["that is not asked for", {}, {}, { product: "beacon" }, "other-product"],
  ["with another board", {}, { board: 5 }, {}, "other-board"],
  ["with a board that is not asked for", {}, {}, { board: 5 }, "other-board"],
  ["of another machine", {}, { arch: 1 }, {}, "other-machine"],
  ["with an older host", { abi: 3 }, {}, {}, "host-too-old"],
  ["that would refuse it as replayed", { securityCounter: 8 }, {}, {}, "counter-too-low"],
  ["that runs it", { image: IMAGE.id }, {}, {}, "runs-it-already"],
  ["where it has failed", { failedImage: IMAGE.id }, {}, {}, "failed-before"],
  ["of another project", {}, {}, { project: 4 }, "other-project"],
  ["that is not named", {}, {}, { devices: ["5ccf7f000002"] }, "not-named"],
  ["that nobody has taken in", { standing: Standing.Waiting }, {}, {}, "not-active"],
  ["that was replaced", { standing: Standing.Replaced }, {}, {}, "not-active"],
  ["that never said hello", { product: null }, {}, {}, "never-heard-of"],
  ["that only its recovery program was heard of", { product: BOOT_PRODUCT }, {}, {}, "never-heard-of"],
  ["beyond the versions", {}, {}, { version: ">=2" }, "version-not-wanted"],
  ["without a version", { version: null }, {}, { version: "*" }, "version-not-known"],
])("not a device %s", (_name, device, image, criteria, reason) => {
  expect(judgeDevice({ ...DEVICE, ...device }, criteria, [{ ...IMAGE, ...image }], false)).toEqual({ reason });
});

// SemVer 2.0.0, and ranges as npm reads them.
test.each([
  ["1.2.0", ">=1.2.0 <2.0.0", true],
  ["1.2", "1.2.x", true],
  ["1.2.0-rc1", "<1.2.0", true],
  ["v1.2.3", "^1.2", true],
  ["2.0.0", "^1.2", false],
  ["0.9.9", "~0.9.1 || 3.x", true],
])("%s and %s: %j", (version, range, isIn) => {
  const judgement = judgeDevice({ ...DEVICE, version }, { version: range }, [IMAGE], false);
  expect("image" in judgement).toBe(isIn);
});

test("one for this very board comes before one for any, and again only where that is wanted", () => {
  const own = { ...IMAGE, id: "00000000000000cc", board: 2 };
  expect(judgeDevice(DEVICE, {}, [IMAGE, own], false)).toEqual({ image: own });
  expect(judgeDevice({ ...DEVICE, failedImage: IMAGE.id }, {}, [IMAGE], true)).toEqual({ image: IMAGE });
});

test("what is a range", () => {
  expect([">=1.2.0 <2.0.0", "1.x", "newer than that"].map(isVersionRange)).toEqual([true, true, false]);
});
