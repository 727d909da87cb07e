/** `npm run hil`: the conformance of the host ABI on a board at a serial port, with the host that is on it, or is given. */
import { parseArgs } from "node:util";
import { WebSerialPort } from "../../runtime/board/web-serial-port.ts";
import { HOST_FUNCTIONS } from "../../runtime/contract/host-functions.ts";
import { boardNames, readBoard } from "../../tools/build/board.ts";
import { readHost } from "../../tools/cli/contents-options.ts";
import { isUserError } from "../../tools/cli/user-errors.ts";
import { flashDevice } from "../../tools/flash/flash-device.ts";
import { flashPlan } from "../../tools/flash/flash-plan.ts";
import { prepareContents } from "../../tools/flash/prepare-contents.ts";
import { ProgressBar } from "../../tools/flash/progress-bar.ts";
import { newKey } from "../../tools/image/keys.ts";
import { cableOf, onlyPort } from "../../tools/serial/open-port.ts";
import { BOOT_CONFIG } from "../abi/boot-config.ts";
import { judgeReport } from "../abi/judge-report.ts";
import { readReport } from "../abi/report-lines.ts";
import { runConformance } from "./run-conformance.ts";

const HELP = `Usage: npm run hil -- --port P --host FILE [options]

Flashes the host and firmware/abi onto a board, runs the conformance there, and says of
each host function what came of it. The board loses what was on it, readings included.
It pulses GPIO2 and what --env wire, onewire and pulses name; nothing that minds may be wired to these.

  --port P      serial port, as /dev/ttyUSB0, COM3 or rfc2217://host:4000
  --host FILE   the host, firmware.bin of runtime/native; or "emulated"
  --board B     ${boardNames().join(", ")} (default: generic)
  --env FACT    what the board has around it, again for the next (firmware/abi/environment.ts):
                "wifi shop secret", "peer 192.168.1.2:1234", "wire 12 14", "i2c 64 3 90",
                "onewire 13", "pulses 15", "phone 6", "beacon 6", "adc 700", "wake" (GPIO16 is wired to RST)
  --baud N      speed of flashing (default: 460800)
  --timeout S   of the run (default: 300)
  --lines       show every line of the board
  --json        the last line is {"functions","checks","failed","notShown":[..]}
  --help

Functions that need what the board has not are named and left out. Exit code 1 if a check
failed or the run did not come to its end.
`;

const WRONG_USE = 2;
const DEFAULT_BAUD = "460800";
const DEFAULT_TIMEOUT_S = "300";

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      port: { type: "string" },
      host: { type: "string" },
      board: { type: "string", default: "generic" },
      env: { type: "string", multiple: true, default: [] },
      baud: { type: "string", default: DEFAULT_BAUD },
      timeout: { type: "string", default: DEFAULT_TIMEOUT_S },
      lines: { type: "boolean", default: false },
      json: { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) return void process.stdout.write(HELP);
  if (values.host === undefined) throw new TypeError("--host names firmware.bin, the host that is to be shown");
  const say = values.json ? console.error : console.log;
  const board = readBoard(values.board);
  const port = new WebSerialPort(cableOf(values.port ?? (await onlyPort())));
  const contents = await prepareContents({
    board,
    key: newKey(),
    host: readHost(values.host, board),
    program: { path: "firmware/abi", pins: new Map() },
    config: BOOT_CONFIG,
  });
  const bar = new ProgressBar(process.stderr);
  const job = { parts: flashPlan(contents), board, erase: true };
  const { mac } = await flashDevice(
    port,
    { ...job, connect: { baudRate: Number(values.baud), useStub: true } },
    { connected: () => {}, note: say, progress: (what, done, total) => bar.show(what, done, total) },
  );
  say(`${mac} is flashed; the conformance runs there for about a minute`);
  const environment = [...values.env, `board ${board.id}`];
  const lines = await runConformance(port, {
    environment,
    timeoutS: Number(values.timeout),
    onLine: (line) => values.lines && say(line),
  });
  const { functions, checks, failed, faults, notShown } = judgeReport(readReport(lines));
  for (const { name, good, bad, failed: own } of functions) {
    const result = own.length > 0 ? `${own.length} FAILED` : good === 0 ? "not shown" : "ok";
    say(`${name.padEnd(14)} ${String(good).padStart(3)} good ${String(bad).padStart(3)} bad  ${result}`);
  }
  for (const fault of faults) say(fault);
  say(`${functions.length} functions, ${checks} checks, ${failed} failed`);
  if (values.json) console.log(JSON.stringify({ functions: HOST_FUNCTIONS.length, checks, failed, notShown }));
  process.exit(faults.length > notShown.length ? 1 : 0);
}

try {
  await main();
} catch (error) {
  const isUse = error instanceof TypeError;
  if (!isUse && !isUserError(error)) throw error;
  console.error(`hil: ${(error as Error).message}`);
  process.exit(isUse ? WRONG_USE : 1);
}
