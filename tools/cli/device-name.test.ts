/** Names of devices as people type them. */
import { expect, test } from "vitest";
import { parseDevice, parseDevices } from "./device-name.ts";

const MAC = "5ccf7f123456";

test.each([MAC, "5C:CF:7F:12:34:56", "5c-cf-7f-12-34-56", "5CCF.7F12.3456", "d--0000-5ccf-7f12-3456"])(
  "%s is a device",
  (text) => expect(parseDevice(text)).toBe(MAC),
);

test.each(["shop", "", "5c:cf:7f:12:34", "5c:cf-7f:12:34:56", "p--0000-0001"])('"%s" is none', (text) => {
  expect(() => parseDevice(text)).toThrow(
    `a device is named by its MAC address, as 5c:cf:7f:12:34:56, or its slug, not "${text}": see lintel devices list`,
  );
});

test("one after the other", () => {
  expect(parseDevices("02:4C:4E:54:00:02", parseDevices(MAC))).toEqual([MAC, "024c4e540002"]);
});
