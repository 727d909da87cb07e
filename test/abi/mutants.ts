/** Hosts that are wrong in one place each: a conformance that passes one of them shows nothing. */
import type { HostImports } from "../../runtime/board/host-imports.ts";
import { HostError } from "../../runtime/contract/error-codes.ts";
import { HOST_FUNCTIONS } from "../../runtime/contract/host-functions.ts";
import { canRefuse } from "./judge-report.ts";

export interface Mutant {
  title: string;
  /** The function whose checks must fail. */
  fn: keyof HostImports;
  alter: (host: HostImports) => Partial<HostImports>;
}

const mutant = (title: string, fn: keyof HostImports, alter: Mutant["alter"]): Mutant => ({ title, fn, alter });

export const MUTANTS: Mutant[] = [
  mutant("a clock at half speed beside a true one", "clock_unix", ({ clock_ms }) => ({ clock_ms: slowed(clock_ms) })),
  mutant("a Unix time that cannot be set", "clock_set", () => ({ clock_set: () => {} })),
  mutant("randomness beside its place", "random_fill", ({ random_fill }) => ({
    random_fill: (at, len) => random_fill(at + 1, len),
  })),
  mutant("RTC memory without an end", "rtc_write", ({ rtc_write }) => ({
    rtc_write: (off, at, len) => zeroFor(HostError.OutOfRange, rtc_write(off, at, len)),
  })),
  mutant("levels upside down", "pin_read", ({ pin_read }) => ({
    pin_read: (pin) => (pin_read(pin) < 0 ? pin_read(pin) : 1 - pin_read(pin)),
  })),
  mutant("edges that are not debounced", "pin_watch", ({ pin_watch }) => ({
    pin_watch: (pin, edges, ms) => (ms < 0 ? pin_watch(pin, edges, ms) : pin_watch(pin, edges, 0)),
  })),
  mutant("duties without a maximum", "pwm_write", ({ pwm_write }) => ({
    pwm_write: (pin, duty) => pwm_write(pin, Math.min(duty, 1023)),
  })),
  mutant("I2C devices everywhere", "i2c_transfer", ({ i2c_transfer }) => ({
    i2c_transfer: (...args) => zeroFor(HostError.NoDevice, i2c_transfer(...args)),
  })),
  mutant("1-Wire devices everywhere", "onewire_transfer", ({ onewire_transfer }) => ({
    onewire_transfer: (...args) => zeroFor(HostError.NoDevice, onewire_transfer(...args)),
  })),
  mutant("bits written upside down", "onewire_triplet", ({ onewire_triplet }) => ({
    onewire_triplet: (...args) =>
      onewire_triplet(...args) < 0 ? onewire_triplet(...args) : onewire_triplet(...args) ^ 4,
  })),
  mutant("pulses without a start", "pulse_read", ({ pulse_read }) => ({
    pulse_read: (pin, lowUs, ...rest) => pulse_read(pin, lowUs >= 0 && lowUs <= 10_000 ? 0 : lowUs, ...rest),
  })),
  mutant("flash that is not written", "flash_write", ({ flash_write }) => ({
    flash_write: (off, at, len) =>
      len % 4 === 0 && len > 0 && len < 64 ? flash_write(off, at, 0) : flash_write(off, at, len),
  })),
  mutant("an erase of the wrong sector", "flash_erase", ({ flash_erase }) => ({
    flash_erase: (off) => flash_erase(off + 4096),
  })),
  mutant("every passphrase is right", "net_status", ({ net_status }) => ({
    net_status: () => (net_status() === 3 ? 2 : net_status()),
  })),
  mutant("scans beside scans", "net_scan", ({ net_scan }) => ({
    net_scan: () => zeroFor(HostError.Busy, net_scan()),
  })),
  mutant("handles that are never free", "tcp_close", ({ tcp_close }) => ({
    tcp_close: (handle) => zeroFor(HostError.NotConnected, tcp_close(handle)),
  })),
  mutant("a radio that stays on the network", "radio_sniff", () => ({ radio_sniff: () => 0 })),
  mutant("any frame is sent", "radio_beacon", ({ radio_beacon }) => ({
    radio_beacon: (at, len) => zeroFor(HostError.BadArgument, radio_beacon(at, len)),
  })),
  mutant("every signature is valid", "verify_p256", ({ verify_p256 }) => ({
    verify_p256: (...args) => (verify_p256(...args) < 0 ? verify_p256(...args) : 1),
  })),
  mutant("a hash of two bytes of three", "sha256", ({ sha256 }) => ({
    sha256: (at, len, out) => sha256(at, len === 3 ? 2 : len, out),
  })),
  mutant("a pointer that is not looked at", "serial_write", ({ serial_write }) => ({
    serial_write: (at, len) => (serial_write(at, len) === HostError.OutOfRange ? len : serial_write(at, len)),
  })),
  mutant("a deadline that never comes", "deadline_set", () => ({ deadline_set: () => {} })),
  mutant("every reset is one of the program", "reset_reason", ({ reset_reason }) => ({
    reset_reason: () => (reset_reason() === 0 ? 0 : 2),
  })),
];

/** A host that answers 0 in place of any error; whoever cannot refuse has none. */
const lenient = HOST_FUNCTIONS.filter(canRefuse).map(({ name }) => name as keyof HostImports);
/** Slot A is 0: a host that knows no other slot is right about this program. */
const idle = HOST_FUNCTIONS.map(({ name }) => name as keyof HostImports).filter((name) => name !== "slot");

/** The same two mistakes in every function of the table: it does nothing and answers 0, or it refuses nothing. */
export const TABLE_MUTANTS: Mutant[] = [
  ...idle.map((fn) => mutant(`${fn} does nothing`, fn, () => ({ [fn]: () => 0 }))),
  ...lenient.map((fn) =>
    mutant(`${fn} refuses nothing`, fn, (host) => {
      const serve = host[fn] as (...args: number[]) => number;
      return { [fn]: (...args: number[]) => Math.max(0, serve(...args)) };
    }),
  ),
];

function zeroFor(error: HostError, result: number): number {
  return result === error ? 0 : result;
}

/** Half as fast. */
function slowed(clockMs: () => number): () => number {
  return () => Math.floor(clockMs() / 2);
}
