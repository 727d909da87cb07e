import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { findPorts } from "./find-ports.ts";
import { cableOf } from "./open-port.ts";

let devices: string;

beforeAll(() => {
  devices = mkdtempSync(join(tmpdir(), "lintel-dev-"));
  for (const name of ["ttyUSB10", "ttyUSB2", "ttyACM0", "ttyS0", "tty1", "ttyUSB"])
    writeFileSync(join(devices, name), "");
  mkdirSync(join(devices, "serial/by-id"), { recursive: true });
  // As udev names them.
  const link = "usb-Silicon_Labs_CP2102_USB_to_UART_Bridge_Controller_0001-if00-port0";
  symlinkSync("../../ttyUSB2", join(devices, "serial/by-id", link));
});

afterAll(() => rmSync(devices, { recursive: true }));

test.skipIf(process.platform !== "linux")("USB adapters, with what they call themselves", async () => {
  expect(await findPorts(devices)).toEqual([
    { path: join(devices, "ttyACM0") },
    { path: join(devices, "ttyUSB2"), title: "Silicon Labs CP2102 USB to UART Bridge Controller 0001" },
    { path: join(devices, "ttyUSB10") },
  ]);
  expect(await findPorts(join(devices, "none"))).toEqual([]);
});

test.each(["rfc2217://", "rfc2217://host", "tcp:", "tcp:0", "rfc2217://host:70000"])("%s is no port", (name) => {
  expect(() => cableOf(name)).toThrow(/is not a port/);
});
