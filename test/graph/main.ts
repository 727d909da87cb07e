/** `npm run graph:fuzz`: random sensor graphs, optimised and plain, in the simulator. */
import { parseArgs } from "node:util";
import { compareForms } from "./compare-forms.ts";

const HELP = `Usage: npm run graph:fuzz -- [options]

Random sensor graphs over all statements run optimised and as their statements make them, with the
same stimuli and answers; readings of users' streams, calls and what streamers send must be equal,
in their order. Ends with code 1 and the smallest case that differs.

  --graphs N   how many (default: 5000)
  --seed K     of the first graph (default: 1)
  --json       the last line is {"compared":..,"active":..,"refused":..,"circles":..}
  --help
`;

function count(name: string, text: string): number {
  if (/^\d+$/.test(text)) return Number(text);
  throw new Error(`${name} takes a whole number, not ${text}`);
}

const { values } = parseArgs({
  options: {
    graphs: { type: "string", default: "5000" },
    seed: { type: "string", default: "1" },
    json: { type: "boolean", default: false },
    help: { type: "boolean", default: false },
  },
});
if (values.help) process.stdout.write(HELP);
else {
  try {
    const tally = compareForms(count("--graphs", values.graphs), count("--seed", values.seed));
    const { compared, active, refused, circles } = tally;
    console.log(
      values.json
        ? JSON.stringify(tally)
        : `${compared} graphs the same in both forms, ${active} of them did something; ` +
            `${refused} were refused, ${circles} ran in a circle`,
    );
  } catch (error) {
    console.error(`graph:fuzz: ${error instanceof Error ? error.message : error}`);
    process.exitCode = 1;
  }
}
