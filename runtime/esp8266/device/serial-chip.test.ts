/** The chip at the end of a cable, flashed by the unmodified esptool-js: its stub runs on the emulated core. */
import { createHash } from "node:crypto";
import { ESPLoader, Transport } from "esptool-js";
import { afterEach, describe, expect, test } from "vitest";
import { Power } from "../../board/power.ts";
import { SeededRandom } from "../../board/random.ts";
import { WebSerialPort } from "../../board/web-serial-port.ts";
import { emulatedHostImage } from "./emulated-host.ts";
import { SerialChip, type SerialChipOptions } from "./serial-chip.ts";

const MEGABYTE = 0x100000;
const MAC = Uint8Array.of(0x5c, 0xcf, 0x7f, 0x01, 0x02, 0x03);
/** Compresses a little, and has every byte, those that SLIP escapes too. */
const DATA = new Uint8Array(20_001).map((_, index) => (index * 7 + (index >> 8)) & 0xff);
const ADDRESS = 0xc0000;

const chips: SerialChip[] = [];

function setUp(options: Partial<SerialChipOptions> = {}) {
  let flashStarts = 0;
  const flash = new Uint8Array(4 * MEGABYTE).fill(0xff);
  const chip = new SerialChip({
    flash,
    mac: MAC,
    rtcMemory: new Power(new SeededRandom(1)),
    pins: { level: () => 1, configure: () => {}, onChange: () => {} },
    onHost: () => flashStarts++,
    ...options,
  });
  chips.push(chip);
  return { chip, flash: options.flash ?? flash, flashStarts: () => flashStarts };
}

function loaderFor(chip: SerialChip, baudrate = 460_800) {
  const lines: string[] = [];
  const terminal = { clean: () => {}, writeLine: (line: string) => lines.push(line), write: () => {} };
  const port = new WebSerialPort(chip) as unknown as ConstructorParameters<typeof Transport>[0];
  const transport = new Transport(port, false);
  return { loader: new ESPLoader({ transport, baudrate, romBaudrate: 115_200, terminal }), transport, lines };
}

const md5 = (image: Uint8Array) => createHash("md5").update(image).digest("hex");

function write(loader: ESPLoader, data: Uint8Array, compress: boolean): Promise<void> {
  return loader.writeFlash({
    fileArray: [{ data, address: ADDRESS }],
    flashSize: "keep",
    flashMode: "keep",
    flashFreq: "keep",
    eraseAll: false,
    compress,
    ...(compress ? { calculateMD5Hash: md5 } : {}),
  });
}

const found = (flash: Uint8Array) => flash.subarray(ADDRESS, ADDRESS + DATA.length);

afterEach(() => {
  for (const chip of chips.splice(0)) chip.powerOff();
});

describe("esptool-js", () => {
  test.each([115_200, 460_800, 921_600])(
    "with its stub, at %d baud: identifies, writes, checks, reads",
    async (baud) => {
      const { chip, flash } = setUp();
      chip.powerOn();
      const { loader, transport, lines } = loaderFor(chip, baud);
      expect(await loader.main()).toBe("ESP8266EX");
      expect(lines).toContain("Crystal is 26MHz");
      expect(lines).toContain("MAC: 5c:cf:7f:01:02:03");
      expect(loader.IS_STUB).toBe(true);
      expect(await loader.detectFlashSize()).toBe("4MB");
      await write(loader, DATA, true);
      expect(lines).toContain("Hash of data verified.");
      expect(Buffer.compare(found(flash), DATA)).toBe(0);
      expect(Buffer.compare(await loader.readFlash(ADDRESS, DATA.length), DATA)).toBe(0);
      await transport.disconnect();
    },
    180_000,
  );

  test("without its stub", async () => {
    const { chip, flash, flashStarts } = setUp();
    chip.powerOn();
    const { loader, transport } = loaderFor(chip);
    await loader.detectChip();
    expect(loader.chip.CHIP_NAME).toBe("ESP8266");
    await write(loader, DATA, false);
    expect(Buffer.compare(found(flash), DATA)).toBe(0);
    flash.set(emulatedHostImage());
    await loader.after("soft_reset");
    await expect.poll(flashStarts).toBe(1);
    await transport.disconnect();
  }, 180_000);

  test("the loader starts again when it is told to, and code that goes astray stands still until a reset", async () => {
    const stuck: string[] = [];
    const { chip, flash, flashStarts } = setUp({ onStuck: (why) => stuck.push(why) });
    chip.powerOn();
    const { loader, transport } = loaderFor(chip);
    await loader.detectChip();
    flash.set(emulatedHostImage());
    await loader.flashBegin(0, 0);
    await loader.flashFinish(true);
    await expect.poll(flashStarts).toBe(1);
    // An image without segments, whose entry is in the ROM, where nothing is known.
    flash.fill(0xff, 0, 64);
    flash.set([0xe9, 0, 0, 0, 0x70, 0, 0, 0x40, 0, 0, 0, 0, 0, 0, 0, 0xef]);
    await chip.setSignals({ dataTerminalReady: false, requestToSend: true });
    await chip.setSignals({ requestToSend: false });
    await expect.poll(() => stuck, { timeout: 5000 }).toEqual([expect.stringContaining("0x40000070 in the mask ROM")]);
    flash.set(emulatedHostImage());
    await chip.setSignals({ requestToSend: true });
    await chip.setSignals({ requestToSend: false });
    await expect.poll(flashStarts, { timeout: 5000 }).toBe(2);
    await transport.disconnect();
  }, 60_000);

  test("the flash size is that of the flash, and all of it is erased", async () => {
    const { chip, flash } = setUp({ flash: new Uint8Array(MEGABYTE) });
    chip.powerOn();
    const { loader, transport } = loaderFor(chip);
    await loader.main();
    expect(await loader.detectFlashSize()).toBe("1MB");
    await loader.eraseFlash();
    expect(flash.every((byte) => byte === 0xff)).toBe(true);
    await transport.disconnect();
  }, 180_000);

  test("a cable that is pulled in the middle: an error, and the next attempt succeeds", async () => {
    let isPulled = false;
    const { chip, flash } = setUp({ disturb: (byte) => (isPulled ? undefined : byte) });
    chip.powerOn();
    const first = loaderFor(chip);
    await first.loader.main();
    const noise = new Uint8Array(40_000);
    new SeededRandom(7).fill(noise);
    const failing = first.loader.writeFlash({
      fileArray: [{ data: noise, address: ADDRESS }],
      flashSize: "keep",
      flashMode: "keep",
      flashFreq: "keep",
      eraseAll: false,
      compress: true,
      reportProgress: (_, written) => {
        isPulled = written > 0;
      },
    });
    await expect(failing).rejects.toThrow();
    await first.transport.disconnect();
    isPulled = false;
    const second = loaderFor(chip);
    await second.loader.main();
    await write(second.loader, DATA, true);
    expect(Buffer.compare(found(flash), DATA)).toBe(0);
    await second.transport.disconnect();
  }, 180_000);
});
