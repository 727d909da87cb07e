/**
 * A board without hardware: the chip's surroundings, composed from parts that come by constructor. It runs no code; an
 * engine (runtime/wasm) gives a program the host functions over it, and tells it when the chip starts and stops.
 */
import { HostError } from "../contract/error-codes.ts";
import { LogLevel, type ResetReason } from "../contract/host-abi.ts";
import { Clock } from "./clock.ts";
import { Flash } from "./flash.ts";
import type { HostImports } from "./host-imports.ts";
import { I2cBus } from "./i2c-bus.ts";
import type { Network } from "./network.ts";
import { Pins } from "./pins.ts";
import { Power } from "./power.ts";
import { Radio } from "./radio.ts";
import type { RadioAir } from "./radio-air.ts";
import type { RandomSource } from "./random.ts";
import { SerialLine } from "./serial-line.ts";
import { SerialLog } from "./serial-log.ts";
import { Sockets } from "./sockets.ts";
import type { TimeSource } from "./time-source.ts";
import { WifiScan } from "./wifi-scan.ts";
import { Wires } from "./wires.ts";

const MAC_BYTES = 6;
/** Of the board's randomness: what the radio draws disturbs nothing else. */
const SALT_FORK = 0x5a17;

export type LogSink = (level: LogLevel, text: string) => void;

export interface BoardOptions {
  time: TimeSource;
  random: RandomSource;
  /** This board's own: a station of a MemoryNetwork, or a TcpNetwork. */
  network: Network;
  /** The air that this board shares with others. Absent: it hears nobody. */
  air?: RadioAir;
  /** Station MAC address, 6 bytes. */
  mac: Uint8Array;
  /** Absent: a new flash, all ones. */
  flash?: Flash;
  boardId?: number;
  /** What `slot` tells a program that does not come out of flash. */
  slot?: number;
  log?: LogSink;
  /** Log lines, starts and crashes also go out on the serial line, as those of a real chip do (serial-log.ts). */
  printsOnSerial?: boolean;
  /** Puts other host functions in the place of some: for tests of what notices a host that is wrong. */
  alterHost?: (host: HostImports) => HostImports;
  /** What `clock_ms` shows at each start. */
  clockOffsetMs?: number;
  /** How much faster than true the board's clock runs, parts per million; below zero: slower. */
  clockPpm?: number;
}

export class VirtualBoard {
  readonly time: TimeSource;
  readonly random: RandomSource;
  readonly network: Network;
  readonly flash: Flash;
  readonly pins: Pins;
  readonly clock: Clock;
  readonly power: Power;
  readonly sockets: Sockets;
  readonly scan: WifiScan;
  readonly radio: Radio;
  readonly i2c = new I2cBus();
  /** What hangs on single pins: 1-Wire, DHT22. */
  readonly wires: Wires;
  readonly serial: SerialLine;
  /** What the host prints on the serial line; absent: nothing. */
  readonly serialLog: SerialLog | undefined;
  readonly mac: Uint8Array;
  boardId: number;
  /** Where the program runs from: a Slot. */
  slot: number;
  readonly log: LogSink;
  readonly alterHost: (host: HostImports) => HostImports;
  /** Set by the engine: something has happened that the program may want to be polled for. */
  onWake: () => void = () => {};
  /** Set by the engine: the program has asked for a reset after this time of its clock, 0 = none. */
  onDeadline: (ms: number) => void = () => {};
  /** Set by the engine: chooses the image at this offset of flash as the next program; 0 or a HostError. */
  onImageRun: (offset: number) => number = () => HostError.Unsupported;
  readonly #missing = new Set<string>();

  constructor(options: BoardOptions) {
    if (options.mac.length !== MAC_BYTES) throw new Error(`A MAC address has 6 bytes, not ${options.mac.length}.`);
    this.time = options.time;
    this.random = options.random;
    this.network = options.network;
    this.flash = options.flash ?? new Flash();
    this.mac = options.mac;
    this.boardId = options.boardId ?? 0;
    this.slot = options.slot ?? 0;
    this.alterHost = options.alterHost ?? ((host) => host);
    const wake = () => this.onWake();
    this.clock = new Clock(options.time, options.clockOffsetMs, options.clockPpm);
    this.pins = new Pins({ time: options.time, clockMs: () => this.clock.ms(), wake });
    this.wires = new Wires(this.pins, this.clock);
    this.power = new Power(options.random);
    this.sockets = new Sockets(options.network);
    this.scan = new WifiScan(options.time, options.network, wake);
    this.radio = new Radio({
      mac: options.mac,
      time: options.time,
      random: options.random.fork(SALT_FORK),
      network: options.network,
      scan: this.scan,
      air: options.air,
      wake,
    });
    this.serial = new SerialLine(options.time, wake);
    const serialLog = options.printsOnSerial ? new SerialLog(this.serial, () => this.clock.ms()) : undefined;
    this.serialLog = serialLog;
    this.log = (level, text) => {
      options.log?.(level, text);
      serialLog?.log(level, text);
    };
    options.network.onChange = wake;
  }

  /** The chip starts: PowerOn loses RTC memory, every other reason keeps it. */
  start(reason: ResetReason): void {
    this.halt();
    this.power.start(reason);
    this.clock.start();
    this.radio.start();
    this.serial.open();
    this.serialLog?.reset(reason);
  }

  /** The chip stands still: reset, asleep or without power. Flash and RTC memory stay. */
  halt(): void {
    this.pins.reset();
    this.sockets.reset();
    this.scan.reset();
    this.radio.reset();
    this.serial.close();
    this.network.vanish();
  }

  /** For host functions that the virtual board does not offer: logged once each. */
  reportMissing(hostCall: string): HostError {
    if (!this.#missing.has(hostCall)) {
      this.#missing.add(hostCall);
      this.log(LogLevel.Warning, `host call ${hostCall} is not offered by the virtual board`);
    }
    return HostError.Unsupported;
  }
}
