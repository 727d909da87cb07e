/** What is said of a board that does not come online, from what it says on its serial line. */
import { describe, expect, test } from "vitest";
import { type Cable, WebSerialPort } from "../../runtime/board/web-serial-port.ts";
import { ApiError, type Device } from "../client/api-client.ts";
import { type FirstBootOptions, watchFirstBoot } from "./first-boot.ts";

const MAC = "5ccf7f010203";

/** Says its lines when the board is let go. */
class TalkingCable implements Cable {
  onBytes: (bytes: Uint8Array) => void = () => {};
  onLost: (why: Error) => void = () => {};
  readonly #lines: readonly string[];
  #isHeld = false;

  constructor(lines: readonly string[]) {
    this.#lines = lines;
  }

  async open(): Promise<void> {}
  async close(): Promise<void> {}
  async setBaudRate(): Promise<void> {}
  async send(): Promise<void> {}
  async setSignals({ requestToSend }: { requestToSend?: boolean }): Promise<void> {
    if (this.#isHeld && requestToSend === false)
      this.onBytes(Buffer.from(this.#lines.map((line) => `${line}\r\n`).join("")));
    this.#isHeld = requestToSend ?? this.#isHeld;
  }
}

function watch(lines: string[], options: Partial<FirstBootOptions> = {}): Promise<void> {
  const port = new WebSerialPort(new TalkingCable(lines));
  return watchFirstBoot(port, { mac: MAC, timeoutS: 0.5, onLine: () => {}, ...options });
}

function api(answer: boolean | Error): NonNullable<FirstBootOptions["api"]> {
  return {
    device: async () => {
      if (answer instanceof Error) throw answer;
      return { mac: MAC, online: answer } as Device;
    },
  };
}

const CONNECTED = ["reset: External", "1.200 info connected, readings waiting 0"];

test("online, by what it says and by what the server says", async () => {
  await watch(CONNECTED);
  await watch(CONNECTED, { api: api(true) });
});

describe("not online", () => {
  test.each<[string, string[], Partial<FirstBootOptions>, RegExp]>([
    ["silence", [], {}, /says nothing on the serial line: does it start from flash \(GPIO0, GPIO2 high, GPIO15 low\)/],
    ["a start alone", ["reset: External"], {}, /has not tried to connect yet: wait longer with --timeout/],
    ["Wi-Fi denied", ["1.000 warning no network, status 3"], {}, /the Wi-Fi network refused the passphrase$/],
    ["no such Wi-Fi", ["1.000 warning no network, status 4"], {}, /there is no Wi-Fi network of that name in range/],
    ["no server", ["1.000 warning connection lost, failure 1"], {}, /no server answers at its address/],
    ["a refusal", ["1.000 warning connection lost, failure 3"], {}, /the server refused the device's credentials$/],
    ["a crash", ["1.000 info x", "crash: unreachable"], {}, /its program crashes: unreachable; see lintel monitor$/],
    ["no program", ["1.000 error no program: slot A, failure 25"], {}, /the image in flash is damaged$/],
    [
      "the server does not see it",
      CONNECTED,
      { api: api(false) },
      /the server does not see it: is it this server \(--api\)/,
    ],
    [
      "the server does not know it",
      CONNECTED,
      { api: api(new ApiError("no device 5ccf7f010203")) },
      /the API of the server does not say so \(--api\): no device 5ccf7f010203$/,
    ],
    [
      "Ctrl-C",
      ["reset: External"],
      { signal: AbortSignal.abort() },
      /^interrupted: 5ccf7f010203 is flashed, and not online/,
    ],
  ])("%s", async (_, lines, options, message) => {
    await expect(watch(lines, options)).rejects.toThrow(message);
  });

  test("a cable that is pulled meanwhile", async () => {
    const cable = new TalkingCable(["reset: External"]);
    const onLine = () => cable.onLost(new Error("it was unplugged"));
    const watching = watchFirstBoot(new WebSerialPort(cable), { mac: MAC, timeoutS: 10, onLine });
    await expect(watching).rejects.toThrow(/was flashed, then its cable was lost: .*it was unplugged/);
  });
});
