/** `npm run faults`: what may happen to a server, for as long as it takes to believe it. */
import { parseArgs } from "node:util";
import { canMount, runDiskFull } from "./disk-full.ts";
import { runKillLoop } from "./kill-loop.ts";
import { runNoticeLoop } from "./notice-loop.ts";

const HELP = `Usage: npm run faults -- [options]

  --kill-minutes N  the server is killed (SIGKILL) every few seconds under load for this long (10); 0 leaves it out
  --notifications N the server is killed N times while alerts wait to be sent, and are sent (0)
  --disk-full       the disk fills up under load, and somebody makes room (as root on Linux only)
  --json            one line of JSON, progress on standard error
`;

const { values } = parseArgs({
  options: {
    "kill-minutes": { type: "string", default: "10" },
    notifications: { type: "string", default: "0" },
    "disk-full": { type: "boolean", default: false },
    json: { type: "boolean", default: false },
    help: { type: "boolean", default: false },
  },
});
if (values.help) process.stdout.write(HELP);
else await run(Number(values["kill-minutes"]), Number(values.notifications), values["disk-full"]);

async function run(killMinutes: number, noticeKills: number, isDiskFull: boolean): Promise<void> {
  if (!(killMinutes >= 0)) throw new Error("--kill-minutes takes a number from 0");
  if (!(noticeKills >= 0)) throw new Error("--notifications takes a number of kills from 0");
  if (isDiskFull && !canMount())
    throw new Error("--disk-full mounts a small file system, which only root may, on Linux");
  const say = (line: string) => process.stderr.write(`${line}\n`);
  const killLoop = killMinutes === 0 ? null : await runKillLoop({ seconds: killMinutes * 60, onProgress: say });
  const notices = noticeKills === 0 ? null : await runNoticeLoop({ kills: noticeKills, onProgress: say });
  const diskFull = isDiskFull ? await runDiskFull(say) : null;
  process.stdout.write(`${JSON.stringify({ killLoop, notices, diskFull })}\n`);
  const results = [killLoop, notices, diskFull].filter((result) => result !== null);
  if (results.some(({ lost, duplicated }) => lost !== 0 || duplicated !== 0)) process.exitCode = 1;
}
