/** One rollout on a fleet of light devices, from its start to its end, and what it came to. */
import { LightFleet, type Rollout } from "./light-fleet.ts";

export interface TrialFigures {
  state: string;
  reason: string | null;
  canary: number;
  groups: number;
  /** Of devices that loaded the image. */
  touched: number;
  /** Of the devices where the image does not work. */
  failingTouched: number;
  onOldImage: number;
  onNewImage: number;
  /** Of the fleet's clock: until it stopped or was finished, and until all were back. */
  decidedAfterMin: number;
  endedAfterMin: number;
  seconds: number;
}

export interface TrialOptions {
  devices: number;
  failing: number;
  seed: number;
  onProgress: (text: string) => void;
}

const PLAN = {
  // Large enough that an image which fails on 5 % hardly ever meets fewer than two devices there: 3 times in 100 of 1,000.
  canary: { percent: 10 },
  steps: [30, 100],
  error: { percent: 1, rollBack: true, lostAfterMin: 10, vitals: { restarts: 3 } },
  success: { percent: 90, soakMin: 60 },
  atOnce: 25,
};

const MOST_MIN = 48 * 60;
const ENDS = ["finished", "rolled-back", "stopped", "aborted"];

export async function runTrial({ devices, failing, seed, onProgress }: TrialOptions): Promise<TrialFigures> {
  const startMs = performance.now();
  const fleet = new LightFleet({ devices, failing, seed });
  try {
    await fleet.start();
    onProgress(`${devices} devices are there after ${passedS(startMs)} s, ${failing * 100} % of them will fail`);
    const { id } = await fleet.roll(PLAN);
    const beginMs = fleet.nowMs;
    let decidedMs = 0;
    let told = "";
    const end = await fleet.until(
      id,
      (rollout) => {
        if (decidedMs === 0 && rollout.state !== "running" && rollout.state !== "scheduled") decidedMs = fleet.nowMs;
        const text = `${rollout.state}, group ${rollout.group}: ${JSON.stringify(rollout.devices)}`;
        if (text !== told) onProgress(`minute ${minutes(fleet.nowMs - beginMs)}: ${text}`);
        told = text;
        return ENDS.includes(rollout.state);
      },
      MOST_MIN,
    );
    return figuresOf(fleet, end, decidedMs - beginMs, fleet.nowMs - beginMs, startMs);
  } finally {
    await fleet.stop();
  }
}

function figuresOf(fleet: LightFleet, end: Rollout, decidedMs: number, endedMs: number, startMs: number): TrialFigures {
  const canary = Object.values(end.groups[0]?.devices ?? {}).reduce((sum, count) => sum + count, 0);
  const failing = fleet.devices.filter(({ fault }) => fault !== undefined);
  return {
    state: end.state,
    reason: end.reason,
    canary,
    groups: end.group,
    touched: fleet.touched,
    failingTouched: failing.filter((device) => fleet.hasLoaded(device)).length,
    onOldImage: fleet.running(fleet.oldImage),
    onNewImage: fleet.running(fleet.newImage),
    decidedAfterMin: minutes(decidedMs),
    endedAfterMin: minutes(endedMs),
    seconds: passedS(startMs),
  };
}

function minutes(ms: number): number {
  return Math.round(ms / 60_000);
}

function passedS(startMs: number): number {
  return Math.round((performance.now() - startMs) / 1000);
}
