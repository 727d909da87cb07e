/**
 * The host ABI: every function that a device program may import, all from module `host`. Arguments and results are
 * i32; pointers are addresses in the program's memory, lengths are bytes; a result below zero is a HostError. Nothing
 * blocks longer than 10 ms except where it says so.
 *
 * A host looks at addresses before anything else, in the order of the parameters: a length below zero is BadArgument, a range
 * that is not between the host's table (PROGRAM_DATA_OFFSET) and the end of the program's memory (PROGRAM_RAM_BYTES) OutOfRange.
 * An empty range may also stand at 0. No function writes outside of the range that it was given.
 *
 * A function's place in the table is its slot in the chip's table (native-image.ts): new ones stand at the end.
 *
 * This table is the only definition. `npm run generate` writes the AssemblyScript declarations
 * (runtime/device/imports/host.ts) and the TypeScript interface (runtime/board/host-imports.ts) from it. Programs do not
 * import this file: its text would end up in their memory.
 */

/** One imported function. `params` are names separated by spaces; `*` before a name marks an address in memory. */
export class HostFunction {
  group: string;
  name: string;
  params: string;
  returns: boolean;
  summary: string;

  constructor(group: string, name: string, params: string, returns: boolean, summary: string) {
    this.group = group;
    this.name = name;
    this.params = params;
    this.returns = returns;
    this.summary = summary;
  }
}

export const HOST_FUNCTIONS: HostFunction[] = [
  new HostFunction("clock", "clock_ms", "", true, "Monotonic milliseconds since the start; wraps at 2^32."),
  new HostFunction("clock", "clock_unix", "", true, "Unix time, seconds, unsigned; 0 = unknown."),
  new HostFunction("clock", "clock_set", "unix", false, "Sets the Unix time, seconds, unsigned."),
  new HostFunction("chance", "random_fill", "*ptr len", true, "Fills memory with random bytes."),
  new HostFunction("power", "restart", "reason", false, "Restarts the chip; does not return."),
  new HostFunction("power", "sleep_deep", "ms", false, "Deep sleep, then a restart; does not return."),
  new HostFunction("power", "reset_reason", "", true, "Why the chip started last: a ResetReason."),
  new HostFunction(
    "power",
    "deadline_set",
    "ms",
    false,
    "Resets the chip (ResetReason.Deadline) after this time, unless called again; 0 = never. Outlasts `image_run`.",
  ),
  new HostFunction(
    "power",
    "rtc_read",
    "off *ptr len",
    true,
    "Reads RTC memory; it survives restarts, not power loss.",
  ),
  new HostFunction("power", "rtc_write", "off *ptr len", true, "Writes RTC memory."),
  new HostFunction("pins", "pin_mode", "pin mode", true, "Sets a PinMode."),
  new HostFunction("pins", "pin_read", "pin", true, "Level, 0 or 1."),
  new HostFunction("pins", "pin_write", "pin level", true, "Drives an output."),
  new HostFunction("pins", "pin_watch", "pin edges debounce_ms", true, "Counts PinEdge edges by interrupt; 0 ends it."),
  new HostFunction("pins", "pin_edges", "pin", true, "Edges counted since the last call."),
  new HostFunction(
    "pins",
    "edge_read",
    "*ptr cap",
    true,
    "Takes the oldest watched edges, EDGE_RECORD_BYTES each; returns bytes.",
  ),
  new HostFunction("pins", "adc_read", "", true, "The analogue input, 0 to 1023."),
  new HostFunction(
    "pins",
    "pwm_write",
    "pin duty",
    true,
    "Pulses of 1 kHz on an output, duty 0 to PWM_DUTY_MAX; `pin_write` and `pin_mode` end them.",
  ),
  new HostFunction(
    "pins",
    "i2c_transfer",
    "addr *wptr wlen *rptr rlen",
    true,
    "Writes, then reads, I2C_TRANSFER_MAX_BYTES at most; returns bytes read. NoDevice where none answers.",
  ),
  new HostFunction("flash", "flash_size", "", true, "Size of the Lintel region, bytes."),
  new HostFunction("flash", "flash_read", "off *ptr len", true, "Reads the Lintel region."),
  new HostFunction(
    "flash",
    "flash_write",
    "off *ptr len",
    true,
    "Clears bits; offset, pointer and length are multiples of four.",
  ),
  new HostFunction("flash", "flash_erase", "off", true, "Sets one 4 KiB sector to ones; up to 100 ms."),
  new HostFunction("network", "net_join", "*ssid ssid_len *pass pass_len", true, "Starts to join a Wi-Fi network."),
  new HostFunction("network", "net_status", "", true, "A NetStatus."),
  new HostFunction("network", "net_rssi", "", true, "Signal strength as -dBm, so 67 is -67 dBm; 0 = unknown."),
  new HostFunction(
    "network",
    "tcp_open",
    "*host len port flags",
    true,
    "Starts to connect (TcpFlag); returns a handle.",
  ),
  new HostFunction("network", "tcp_status", "h", true, "A TcpStatus, or the HostError that ended the connection."),
  new HostFunction("network", "tcp_write", "h *ptr len", true, "Returns the bytes taken, which may be fewer."),
  new HostFunction("network", "tcp_read", "h *ptr cap", true, "Returns the bytes read; 0 = none waiting."),
  new HostFunction("network", "tcp_close", "h", true, "Closes and frees the handle."),
  new HostFunction("radio", "radio_sniff", "channel", true, "Listens on a channel, off the network; 0 = no more."),
  new HostFunction(
    "radio",
    "radio_read",
    "*ptr cap",
    true,
    "Takes the oldest probe requests and beacons heard, RADIO_RECORD_BYTES each; returns bytes.",
  ),
  new HostFunction(
    "radio",
    "radio_beacon",
    "*ptr len",
    true,
    "Sends one raw beacon frame; Busy while one is on its way.",
  ),
  new HostFunction("crypto", "sha256_flash", "off len *out", true, "SHA-256 of flash."),
  new HostFunction("crypto", "sha256", "*ptr len *out", true, "SHA-256 of memory."),
  new HostFunction("crypto", "hmac_sha256", "*key klen *ptr len *out", true, "HMAC-SHA-256 of memory."),
  new HostFunction(
    "crypto",
    "verify_p256",
    "*ptr len *sig *key",
    true,
    "ECDSA P-256 with SHA-256 over memory: 1 = valid, 0 = not. Signature 64 (r, s), key 64 (x, y) bytes.",
  ),
  new HostFunction("serial", "serial_read", "*ptr cap", true, "Returns the bytes read; 0 = none waiting."),
  new HostFunction("serial", "serial_write", "*ptr len", true, "Returns the bytes taken."),
  new HostFunction("self", "chip_mac", "*ptr", true, "The station MAC address, 6 bytes."),
  new HostFunction("self", "board_id", "", true, "Which board; 0 = a generic one."),
  new HostFunction("self", "abi_version", "", true, "The HOST_ABI_VERSION of the host."),
  new HostFunction("self", "slot", "", true, "The slot that the program runs from."),
  new HostFunction(
    "self",
    "image_run",
    "off",
    true,
    "Starts the image at this offset of flash in place of this program; returns only when there is none to run.",
  ),
  new HostFunction("self", "log", "level *ptr len", true, "One line of text at a LogLevel."),
  new HostFunction("network", "net_scan", "", true, "Starts to look for Wi-Fi networks; HostError.Busy while it does."),
  new HostFunction(
    "network",
    "net_found",
    "*ptr cap",
    true,
    "Takes the next network found, the strongest first, as a record; returns its bytes, 0 = no more.",
  ),
  new HostFunction(
    "pins",
    "onewire_transfer",
    "pin *wptr wlen *rptr rlen",
    true,
    "1-Wire: reset, writes, then reads, ONEWIRE_TRANSFER_MAX_BYTES at most, up to 13 ms; returns bytes read.",
  ),
  new HostFunction(
    "pins",
    "onewire_triplet",
    "pin direction",
    true,
    "1-Wire ROM search: reads a bit and its complement, writes one back; OneWireTriplet bits.",
  ),
  new HostFunction(
    "pins",
    "pulse_read",
    "pin start_low_us quiet_us *ptr cap",
    true,
    "A low pulse, then how long the levels last that follow, u16 microseconds each; returns bytes.",
  ),
];
