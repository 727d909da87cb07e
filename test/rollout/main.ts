/** `npm run rollout`: a bad and a good image on a thousand devices, in virtual time. */
import { parseArgs } from "node:util";
import { runTrial, type TrialFigures } from "./trial.ts";

const HELP = `Usage: npm run rollout -- [options]

Light devices, which speak the real protocol to the real server, are rolled out an image that fails on
a part of them (it crashes, does not get on the network, or restarts every few minutes), and then a good
one. Exit code 1 if the bad rollout leaves its canary or does not take every device back, or if the good
one does not reach every device.

  --devices N     (default: 1000)
  --failing PART  (default: 0.05)
  --seed K        which devices fail (default: 1)
  --json          the last line is JSON: {"devices","failing","bad":{...},"good":{...}}
  --help
`;

const WRONG_USE = 2;

async function main(args: string[]): Promise<void> {
  const { values } = parseArgs({
    args,
    options: {
      devices: { type: "string", default: "1000" },
      failing: { type: "string", default: "0.05" },
      seed: { type: "string", default: "1" },
      json: { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) return void process.stdout.write(HELP);
  const [devices, failing, seed] = [Number(values.devices), Number(values.failing), Number(values.seed)];
  if (!(devices >= 1 && devices <= 20_000 && failing >= 0 && failing <= 1 && Number.isInteger(seed))) {
    process.stderr.write(`${HELP}\nlintel: --devices is 1 to 20000, --failing 0 to 1, --seed a whole number\n`);
    process.exitCode = WRONG_USE;
    return;
  }
  const onProgress = (text: string) => console.log(text);
  const bad = await runTrial({ devices, failing, seed, onProgress });
  const good = await runTrial({ devices, failing: 0, seed, onProgress });
  if (values.json) console.log(JSON.stringify({ devices, failing, seed, bad, good }));
  else for (const [name, figures] of Object.entries({ bad, good })) console.log(name, tell(figures));
  const isHeld = failing === 0 || (bad.groups === 1 && bad.onOldImage === devices && bad.touched <= bad.canary);
  if (!isHeld || good.onNewImage !== devices) process.exitCode = 1;
}

function tell(figures: TrialFigures): string {
  return Object.entries(figures)
    .map(([name, value]) => `${name} ${value}`)
    .join(", ");
}

await main(process.argv.slice(2));
