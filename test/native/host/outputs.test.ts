/** The serial line, pulses, the analogue input and I2C on the host of the real chip, beside the virtual board. */
import { beforeAll, describe, expect, test } from "vitest";
import { HostError } from "../../../runtime/contract/error-codes.ts";
import { I2C_SCL_PIN, I2C_SDA_PIN, PinEdge, PinMode, PWM_DUTY_MAX } from "../../../runtime/contract/host-abi.ts";
import { SERIAL_RECEIVE_BYTES, SERIAL_SEND_BYTES } from "../../../runtime/contract/limits.ts";
import { buildDriver, canRunHost } from "./build-host.ts";
import { bytesOf, DATA, HostScript, linesOf } from "./host-script.ts";
import { Story } from "./story.ts";

const BUFFER = DATA + 1024;
const PIN = 5;
/** What the core's calls answer (core_esp8266_si2c.cpp). */
const I2C = { done: 0, nobody: 2, refused: 3, held: 4 };

describe.skipIf(!canRunHost("serial line, pulses and I2C on the host of the real chip"))("outputs", () => {
  let driver: string;
  beforeAll(async () => {
    driver = await buildDriver();
  });

  /** At the board's end of the cable at once, where the virtual board's bytes have travelled for so long. */
  async function receive(story: Story, text: string): Promise<void> {
    story.twin.board.serial.send(Buffer.from(text));
    await story.run(100);
    await story.event("receive", Buffer.from(text).toString("hex")).run(2);
  }

  test("serial bytes are read in parts, in order, and wake", async () => {
    const story = new Story();
    await receive(story, "hello");
    story.call("serial_read", BUFFER, 3).get(BUFFER, 3).call("serial_read", BUFFER, 9).get(BUFFER, 2);
    const outcome = story.call("serial_read", BUFFER, 9).call("serial_read", 0, 0).check(driver);
    expect(linesOf(outcome, "poll").slice(1)).toEqual(["103"]);
  });

  test("what comes while the buffer is full is lost, and nothing that came before", async () => {
    const story = new Story();
    const text = Array.from({ length: 50 }, (_, index) => `line ${index}, `).join("");
    await receive(story, text);
    const room = SERIAL_RECEIVE_BYTES + 100;
    story.call("serial_read", BUFFER, room).get(BUFFER, SERIAL_RECEIVE_BYTES).call("serial_read", BUFFER, room);
    await receive(story, "again");
    story.call("serial_read", BUFFER, room).get(BUFFER, 5);
    const outcome = story.check(driver);
    expect(outcome.results).toEqual([SERIAL_RECEIVE_BYTES, 0, 5]);
    expect(bytesOf(outcome)[0]?.toString()).toBe(text.slice(0, SERIAL_RECEIVE_BYTES));
  });

  test("what came before a program is not for it", () => {
    const script = HostScript.running().order("receive", "010203").order("plan", "poll", "call", "image_run", 0);
    script.order("run", 10).call("serial_read", BUFFER, 9).order("receive", "04").call("serial_read", BUFFER, 9);
    expect(script.get(BUFFER, 1).run(driver).results).toEqual([0, 1]);
  });

  test("a write takes what there is room for, lines of log included; room that comes back wakes", async () => {
    const story = new Story();
    await story.run(20);
    story
      .put(BUFFER, `${"x".repeat(999)}\n`)
      .call("serial_write", BUFFER, 300)
      .call("serial_write", BUFFER, 300);
    story.call("serial_write", BUFFER, 1).call("serial_write", 0, 0);
    await story.run(60);
    story.call("serial_write", BUFFER, 1000).call("serial_write", BUFFER, 1);
    await story.run(60);
    const outcome = story.call("serial_write", BUFFER + 999, 1).check(driver);
    expect(outcome.results.slice(0, 4)).toEqual([300, SERIAL_SEND_BYTES - 300, 0, 0]);
    const polls = linesOf(outcome, "poll").slice(1).map(Number);
    expect(polls).toHaveLength(2);
    // A FIFO of 128 bytes at 86.8 us each, and the loop that notices.
    [23, 83].forEach((writtenMs, index) => {
      expect((polls[index] ?? 0) - writtenMs).toBeGreaterThanOrEqual(11);
      expect((polls[index] ?? 0) - writtenMs).toBeLessThanOrEqual(13);
    });
    const logged = HostScript.running().order("run", 20).put(BUFFER, "y".repeat(200)).call("log", 2, BUFFER, 200);
    const [, taken] = logged.call("serial_write", BUFFER, 1000).run(driver).results;
    expect(taken).toBe(SERIAL_SEND_BYTES - "0.023 info ".length - 200 - 2);
  });

  test("pulses: on outputs, ended by a level and by a mode; no pulses are levels", async () => {
    const story = new Story().call("pwm_write", PIN, 512).call("pin_mode", PIN, PinMode.Output);
    story.call("pin_watch", PIN, PinEdge.Both, 0);
    for (const duty of [0, 1, 300, PWM_DUTY_MAX, 600, 0, 512]) {
      story.call("pwm_write", PIN, duty).call("pin_read", PIN).call("pin_edges", PIN);
    }
    story.call("pin_write", PIN, 0).call("pin_read", PIN).call("pwm_write", PIN, 700).call("pin_mode", PIN, 0);
    story.call("pwm_write", PIN, 700).call("pin_mode", PIN, PinMode.Output).call("pin_read", PIN);
    const outcome = story.check(driver);
    const told = linesOf(outcome, "sdk").filter((line) => line.startsWith("pwm"));
    expect(told).toEqual([1, 300, 600, 512, 700].map((duty) => `pwm ${PIN} ${duty}`));
  });

  test("the analogue input, whose core answers up to 1024", async () => {
    const story = new Story();
    for (const value of [0, 512, 1023, 1024]) {
      story.twin.board.pins.setAdc(value);
      story.event("adc", value).call("adc_read");
    }
    expect(story.check(driver).results).toEqual([0, 512, 1023, 1023]);
  });

  test("a hand-over gives the serial pins back to the log", () => {
    const script = HostScript.running().call("pin_mode", 1, PinMode.Output).call("pin_write", 1, 1);
    script.call("pin_read", 1).order("plan", "poll", "call", "image_run", 0).order("receive", "00");
    script.order("run", 10).call("pin_read", 1);
    expect(script.run(driver).lines).toContain("sdk pin 1 is the port's");
  });

  test("I2C: a device is written and read, and its bus takes the pins whatever they were", async () => {
    const story = new Story();
    const written: string[] = [];
    const answers = ["1a2b", "", "ff00"].map((hex) => Buffer.from(hex, "hex"));
    story.twin.board.i2c.attach({
      address: 0x40,
      write: (bytes) => written.push(Buffer.from(bytes).toString("hex")),
      read: () => answers.shift() ?? Buffer.alloc(0),
    });
    story.call("pin_mode", I2C_SDA_PIN, PinMode.Output).call("pin_mode", I2C_SCL_PIN, PinMode.Output);
    story.call("pin_write", I2C_SCL_PIN, 1).put(BUFFER, Uint8Array.of(0xf3, 0x01)).event("i2c", I2C.done, "1a2b");
    story.call("i2c_transfer", 0x40, BUFFER, 2, BUFFER + 8, 2).get(BUFFER + 8, 2);
    for (const pin of [I2C_SDA_PIN, I2C_SCL_PIN]) story.call("pin_read", pin).call("pwm_write", pin, 1);
    story.call("pin_mode", I2C_SCL_PIN, PinMode.Output).call("pin_read", I2C_SCL_PIN);
    story.call("i2c_transfer", 0x40, 0, 0, 0, 0).event("i2c", I2C.nobody);
    story.call("i2c_transfer", 0x13, 0, 0, 0, 0).call("i2c_transfer", 0x13, BUFFER, 1, BUFFER, 2);
    story.call("i2c_transfer", 0x13, 0, 0, BUFFER, 100).call("i2c_transfer", 0x13, BUFFER, 1, BUFFER, 100);
    const outcome = story.check(driver);
    expect(outcome.results.slice(-4)).toEqual([...new Array(3).fill(HostError.NoDevice), HostError.BadArgument]);
    const told = linesOf(outcome, "sdk").filter((line) => /^i2c (write|read)/.test(line));
    expect(told.slice(0, 3)).toEqual([
      `i2c write 64 ${written[0]} stop 0`,
      "i2c read 64 2 stop 1",
      "i2c write 64  stop 1",
    ]);
  });

  test("I2C: a device that refuses a byte and a bus that is held are broken", () => {
    const script = HostScript.running();
    for (const status of [I2C.refused, I2C.held]) {
      script.order("i2c", status).call("i2c_transfer", 0x40, BUFFER, 1, BUFFER, 2);
      script.call("pin_read", I2C_SDA_PIN).call("pin_read", I2C_SCL_PIN);
    }
    expect(script.run(driver).results).toEqual([HostError.Broken, 1, 1, HostError.Broken, 1, 1]);
  });
});
