import { generate } from "mqtt-packet";
import { describe, expect, test } from "vitest";
import { encodePublish } from "./publish-packet.ts";
import { matchesFilter } from "./topic-filters.ts";
import { mayObserverPublish, maySubscribe, mayWatchDevices, topicsOfUser } from "./topic-policy.ts";

const device = topicsOfUser("5ccf7f123456");

test("a user is a device when its name is a MAC address in lowercase", () => {
  expect(device).toMatchObject({ mac: 0x5ccf7f123456, data: "lintel/1/5ccf7f123456/data" });
  for (const name of [undefined, "", "5CCF7F123456", "5ccf7f12345", "5ccf7f1234567", "5ccf7f12345g", "shop"]) {
    expect(topicsOfUser(name)).toBeNull();
  }
});

test("a device hears only what is below its own topic", () => {
  for (const filter of ["lintel/1/5ccf7f123456/ack", "lintel/1/5ccf7f123456/#", "lintel/1/5ccf7f123456/+"]) {
    expect(maySubscribe(device, filter)).toBe(true);
  }
  for (const filter of [
    "#",
    "+/+/5ccf7f123456/ack",
    "lintel/1/+/ack",
    "lintel/1/5ccf7f123456",
    "lintel/1/5ccf7f123457/ack",
  ]) {
    expect(maySubscribe(device, filter)).toBe(false);
  }
  expect(maySubscribe(null, "#")).toBe(true);
});

test("an observer says nothing below lintel/ or $SYS/", () => {
  for (const topic of ["lintel/1/5ccf7f123456/data", "lintel/", "lintel/2", "$SYS/x"]) {
    expect(mayObserverPublish(topic)).toBe(false);
  }
  for (const topic of ["lintel", "shop/door", "lintels/1"]) expect(mayObserverPublish(topic)).toBe(true);
});

describe("filters (MQTT 3.1.1 section 4.7)", () => {
  test.each<[string, string, boolean]>([
    ["a/b", "a/b", true],
    ["a/b", "a/b/c", false],
    ["a/+", "a/b", true],
    ["a/+", "a", false],
    ["a/#", "a", true],
    ["a/#", "a/b/c", true],
    ["#", "a/b", true],
    ["+/b/#", "a/b/c", true],
    ["a/+/c", "a/b/d", false],
  ])("%s on %s: %s", (filter, topic, matches) => {
    expect(matchesFilter(filter, topic)).toBe(matches);
  });

  test.each<[string, boolean]>([
    ["#", true],
    ["+/#", true],
    ["lintel/1/+/data", true],
    ["lintel/+/5ccf7f123456/+", true],
    ["lintel/1/+/ack/#", true],
    ["lintel/1/5ccf7f123456/#", true],
    ["lintel/1/+/update", true],
    ["lintel/1/+/offer", true],
    ["lintel/1/+/chunk", true],
    ["lintel/1/+/config", false],
    ["lintel/1/+/state", false],
    ["lintel/1/+", false],
    ["lintel/2/#", false],
    ["shop/#", false],
    ["$SYS/#", false],
    ["lintel/1/+/data/more", false],
  ])("%s may watch devices: %s", (filter, watches) => {
    expect(mayWatchDevices(filter)).toBe(watches);
  });
});

test.each([0, 1, 90, 100, 200, 17_000])("a PUBLISH of %i bytes is written as mqtt-packet writes it", (sizeBytes) => {
  const payload = Buffer.alloc(sizeBytes, 7);
  const topic = "lintel/1/5ccf7f123456/ack";
  expect(encodePublish(topic, payload)).toEqual(
    generate({ cmd: "publish", topic, payload, qos: 0, dup: false, retain: false }),
  );
});
