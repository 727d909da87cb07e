/**
 * The serial port over TCP, judged by pyserial's RFC 2217 client, through which esptool reaches such ports: it resets the board
 * into its loader by DTR and RTS as esptool does, and synchronises with the ROM.
 */
import { spawn, spawnSync } from "node:child_process";
import { afterEach, expect, test } from "vitest";
import { RealTime } from "../../runtime/board/real-time.ts";
import { TcpNetwork } from "../../runtime/board/tcp-network.ts";
import type { FlashedBoard } from "../../runtime/esp8266/device/flashed-board.ts";
import { readBoard } from "../../tools/build/board.ts";
import { type SerialServer, serveSerial } from "../../tools/serial/serial-server.ts";
import { cableBoard } from "../../tools/sim/cable-board.ts";

/** Debian installs for its own Python. */
const PYTHONS = ["/usr/bin/python3", "python3"];

function findPython(): string | undefined {
  const python = PYTHONS.find((path) => spawnSync(path, ["-c", "import serial.rfc2217"]).status === 0);
  if (python === undefined) {
    if (process.env["CI"]) throw new Error("python3-serial is not installed, and CI must not skip its test");
    console.log("skipped: the serial port against pyserial (install python3-serial to run it)");
  }
  return python;
}

/** Prints what the ROM answers to READ_REG of 0x40001000, hexadecimal, and the answer's command before it. */
const SCRIPT = `
import serial, struct, sys, time
def slip(packet):
    return b"\\xc0" + packet.replace(b"\\xdb", b"\\xdb\\xdd").replace(b"\\xc0", b"\\xdb\\xdc") + b"\\xc0"
def command(op, data):
    return slip(struct.pack("<BBHI", 0, op, len(data), 0) + data)
def frames(port, count):
    found, current = [], None
    while len(found) < count:
        byte = port.read(1)
        if byte == b"": raise SystemExit("nothing comes")
        if byte == b"\\xc0":
            if current: found.append(current.replace(b"\\xdb\\xdc", b"\\xc0").replace(b"\\xdb\\xdd", b"\\xdb"))
            current = b""
        elif current is not None: current += byte
        if byte == b"\\xc0" and not current and found: current = b""
    return found
port = serial.serial_for_url(sys.argv[1], baudrate=115200, timeout=5, do_not_open=True)
port.dtr = False
port.rts = False
port.open()
port.dtr, port.rts = False, True
time.sleep(0.1)
port.dtr, port.rts = True, False
time.sleep(0.4)
port.dtr = False
port.reset_input_buffer()
port.write(command(8, b"\\x07\\x07\\x12\\x20" + 32 * b"\\x55"))
print(",".join("%02x" % frame[1] for frame in frames(port, 8)))
port.write(command(10, struct.pack("<I", 0x40001000)))
answer = frames(port, 1)[0]
print("%02x %08x" % (answer[1], struct.unpack("<I", answer[4:8])[0]))
port.close()
`;

let board: FlashedBoard | undefined;
let server: SerialServer | undefined;

afterEach(async () => {
  board?.powerOff();
  await server?.close();
});

const python = findPython();

test.skipIf(python === undefined)(
  "pyserial resets the board into its loader, and the ROM answers",
  async () => {
    const time = new RealTime();
    const mac = Uint8Array.of(2, 0, 0, 0, 0, 1);
    board = cableBoard({ board: readBoard("esp-01"), mac, time, network: new TcpNetwork({ time }), seed: 1 });
    server = await serveSerial(board.chip, 0);
    board.powerOn();
    const run = spawn(python as string, ["-c", SCRIPT, `rfc2217://127.0.0.1:${server.port}`]);
    let output = "";
    for (const stream of [run.stdout, run.stderr]) stream.on("data", (bytes) => (output += bytes));
    await new Promise((resolve) => run.once("close", resolve));
    // esptool's documentation of the serial protocol: eight answers to SYNC, and the word that tells an ESP8266.
    expect(output).toBe("08,08,08,08,08,08,08,08\n0a fff0c101\n");
  },
  60_000,
);
