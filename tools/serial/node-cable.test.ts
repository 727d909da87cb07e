/**
 * Ports of this computer. What the package serialport says when one does not open is its binding's own text on Linux, macOS and
 * Windows, for the operating system's errors cannot be had here; a missing port is real.
 */
import { SerialPortMock } from "serialport";
import { beforeEach, describe, expect, test } from "vitest";
import { WebSerialPort } from "../../runtime/board/web-serial-port.ts";
import { type MakePort, NodeCable } from "./node-cable.ts";

const PATH = "/dev/ttyUSB0";

beforeEach(() => {
  SerialPortMock.binding.reset();
});

function failing(text: string): MakePort {
  const port = { open: (done: (error: Error) => void) => done(new Error(text)) };
  return async () => port as unknown as Awaited<ReturnType<MakePort>>;
}

test("a port that is not there", async () => {
  const cable = new NodeCable("/dev/no-such-port");
  await expect(cable.open(115_200)).rejects.toThrow(/^there is no port \/dev\/no-such-port: plug the board in/);
});

describe("a port that does not open", () => {
  test.each([
    [
      "Error: Permission denied, cannot open /dev/ttyUSB0",
      process.platform === "linux" ? /this user: .*dialout.*log in anew/ : /this user/,
    ],
    ["Error Resource temporarily unavailable Cannot lock port", /^\/dev\/ttyUSB0 is busy: another program has it/],
    ["Error: Resource busy, cannot open /dev/tty.usbserial-0001", /is busy/],
    ["Opening COM3: Access denied", /is busy/],
    ["Opening COM3: File not found", /^there is no port/],
  ])("%s", async (text, message) => {
    await expect(new NodeCable(PATH, failing(text)).open(115_200)).rejects.toThrow(message);
  });
});

describe("an open port", () => {
  const makePort = (async (path: string, baudRate: number) =>
    new SerialPortMock({ path, baudRate, autoOpen: false })) as unknown as MakePort;

  async function setUp() {
    SerialPortMock.binding.createPort(PATH, { echo: true, record: true });
    const port = new WebSerialPort(new NodeCable(PATH, makePort));
    await port.open({ baudRate: 115_200 });
    return port;
  }

  test("passes every byte both ways, and takes another speed and other signals meanwhile", async () => {
    const port = await setUp();
    const bytes = new Uint8Array(1000).map((_, index) => index & 0xff);
    const writer = port.writable?.getWriter();
    const reader = port.readable?.getReader();
    const heard: number[] = [];
    await writer?.write(bytes.subarray(0, 500));
    await port.setBaudRate(921_600);
    await port.setSignals({ dataTerminalReady: true });
    await writer?.write(bytes.subarray(500));
    while (heard.length < bytes.length) heard.push(...((await reader?.read())?.value ?? []));
    expect(heard).toEqual([...bytes]);
    reader?.releaseLock();
    writer?.releaseLock();
    await port.close();
    await port.open({ baudRate: 115_200 });
    await port.close();
  });
});
