/** For the tests of this room: a device whose flash holds programs of a few lines. */
import type { DeviceOptions } from "../board/device-life.ts";
import { Flash } from "../board/flash.ts";
import { MemoryNetwork } from "../board/memory-network.ts";
import { SeededRandom } from "../board/random.ts";
import { writeUnsignedImage } from "../board/unsigned-image.ts";
import { type BoardOptions, VirtualBoard } from "../board/virtual-board.ts";
import { VirtualTime } from "../board/virtual-time.ts";
import { FLASH_BOOT_OFFSET, FLASH_SLOT_A_OFFSET, FLASH_SLOT_B_OFFSET } from "../contract/flash-map.ts";
import { LogLevel } from "../contract/host-abi.ts";
import { ImageArch } from "../contract/image-header.ts";
import { compileSource } from "./compile-source.ts";
import { WasmDevice } from "./wasm-device.ts";

/** Programs of these tests tell what happens by `say(n)`: a log line with one number. */
const PRELUDE = `
@external("host", "log") declare function log(level: i32, ptr: i32, len: i32): i32;
@external("host", "restart") declare function restart(reason: i32): void;
@external("host", "sleep_deep") declare function sleepDeep(ms: i32): void;
@external("host", "reset_reason") declare function resetReason(): i32;
@external("host", "clock_ms") declare function clockMs(): i32;
@external("host", "clock_unix") declare function clockUnix(): i32;
@external("host", "clock_set") declare function clockSet(unix: i32): void;
@external("host", "rtc_read") declare function rtcRead(off: i32, ptr: i32, len: i32): i32;
@external("host", "rtc_write") declare function rtcWrite(off: i32, ptr: i32, len: i32): i32;
@external("host", "pin_mode") declare function pinMode(pin: i32, mode: i32): i32;
@external("host", "pin_write") declare function pinWrite(pin: i32, level: i32): i32;
@external("host", "pin_watch") declare function pinWatch(pin: i32, edges: i32, debounce: i32): i32;
@external("host", "flash_write") declare function flashWrite(off: i32, ptr: i32, len: i32): i32;
@external("host", "flash_erase") declare function flashErase(off: i32): i32;
@external("host", "pulse_read") declare function pulseRead(pin: i32, low: i32, quiet: i32, ptr: i32, cap: i32): i32;
@external("host", "deadline_set") declare function deadlineSet(ms: i32): void;
@external("host", "image_run") declare function imageRun(off: i32): i32;
@external("host", "slot") declare function slot(): i32;
const digits = memory.data(16);
function say(value: i32): void {
  let at = 16;
  do { store<u8>(digits + --at, 48 + value % 10); value /= 10; } while (value > 0);
  log(2, <i32>digits + at, 16 - at);
}
`;

export const IDLE = "export function poll(): i32 { return 60000; }\n";
/** Says 100 + slot, 10 + reset reason, the clock. */
export const TELLS_ITSELF = `export function start(): void { say(100 + slot()); say(10 + resetReason()); say(clockMs()); }\n${IDLE}`;
export const RUNS_A = `export function start(): void { say(100 + slot()); imageRun(${FLASH_SLOT_A_OFFSET}); }\n${IDLE}`;

const compiled = new Map<string, Promise<Uint8Array>>();

export function compileProgram(source: string): Promise<Uint8Array> {
  const found = compiled.get(source) ?? compileSource(PRELUDE + source);
  compiled.set(source, found);
  return found;
}

type Images = Partial<Record<"boot" | "a" | "b", string>>;
const OFFSETS = { boot: FLASH_BOOT_OFFSET, a: FLASH_SLOT_A_OFFSET, b: FLASH_SLOT_B_OFFSET };

export async function setUpFlashDevice(
  images: Images,
  options: DeviceOptions = {},
  boardOptions: Partial<BoardOptions> = {},
) {
  const time = new VirtualTime();
  const random = new SeededRandom(1);
  const flash = new Flash();
  for (const [name, source] of Object.entries(images) as [keyof Images, string][]) {
    writeUnsignedImage(flash, OFFSETS[name], ImageArch.Wasm32, await compileProgram(source));
  }
  const said: number[] = [];
  const logs: [LogLevel, string][] = [];
  const board = new VirtualBoard({
    time,
    random,
    flash,
    network: new MemoryNetwork({ time, random }).station(),
    mac: new Uint8Array(6),
    log: (level, text) => {
      if (level === LogLevel.Info && /^\d+$/.test(text)) said.push(Number(text));
      else logs.push([level, text]);
    },
    ...boardOptions,
  });
  const device = WasmDevice.fromFlash(board, { bootMs: 100, ...options });
  return { time, flash, board, device, said, logs };
}
