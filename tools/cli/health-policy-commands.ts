/** `lintel health policy`: what is taken for normal, of a device, a template, a project or an organisation. */

import { type Command, InvalidArgumentError } from "commander";
import { REASONS } from "../../server/health/health-states.ts";
import type { HealthPolicy, Policy } from "../client/alert-client.ts";
import { CommandError } from "./command-error.ts";
import { parseDevice } from "./device-name.ts";
import { parseWindow, type Window } from "./rollout-options.ts";
import { apiOf, type ServerOptions, withJson } from "./server-options.ts";
import { showTable } from "./text-table.ts";

interface Owner {
  device?: string;
  template?: string;
  project?: string;
  organisation?: string;
}

interface PolicyOptions extends ServerOptions, Owner {}

interface SetOptions extends PolicyOptions {
  hours?: Window[];
  zone?: string;
  always?: boolean;
}

const PARTS: readonly string[] = [...REASONS, "hours"];
const NEVER = "none";

export function addHealthPolicyCommands(health: Command): void {
  const policy = health.command("policy").description("what is taken for normal, and when boards are on");
  withOwner(policy.command("show"))
    .description("limits that hold at a device, a template, a project or an organisation, and which are its own")
    .action(async (options: PolicyOptions) => {
      tell(options, await apiOf(options.server).alerts.policy(pathOf(options)));
    });
  withOwner(policy.command("set"))
    .description("set limits; what is not named stays")
    .argument(
      "[reason=warning,failed...]",
      `as silence=30,120 (minutes) or memory=2000,${NEVER}; of ${REASONS.join(", ")}`,
      parseLimits,
      {},
    )
    .option("--hours <days hours>", 'boards are on then, as "mon-sat 08:00-20:00"; as often as needed', parseWindow)
    .option("--zone <name>", "time zone of the hours, as Europe/Rome (default: UTC)")
    .option("--always", "boards are on all day")
    .action(async (limits: Policy, options: SetOptions) => {
      const change = { ...limits, ...hoursOf(options) };
      if (Object.keys(change).length === 0)
        throw new CommandError("say what is to be normal, as silence=30,120, or --hours, or --always");
      const path = pathOf(options);
      tell(options, await apiOf(options.server).alerts.changePolicy(path, (own) => ({ ...own, ...change })));
    });
  withOwner(policy.command("clear"))
    .description("leave limits to the level above again, and that to the server's")
    .argument("[reason...]", `of ${PARTS.join(", ")}; all if none is given`)
    .action(async (reasons: string[], options: PolicyOptions) => {
      const unknown = reasons.find((reason) => !PARTS.includes(reason));
      if (unknown !== undefined) throw new CommandError(`${unknown} is none of ${PARTS.join(", ")}`);
      const isLeft = ([name]: [string, unknown]) => reasons.length > 0 && !reasons.includes(name);
      const clear = (own: Policy) => Object.fromEntries(Object.entries(own).filter(isLeft));
      tell(options, await apiOf(options.server).alerts.changePolicy(pathOf(options), clear));
    });
}

function withOwner(command: Command): Command {
  return withJson(command)
    .option("--device <mac>", "of this device", parseDevice)
    .option("--template <id>", "of devices with this template")
    .option("--project <id>", "of devices of this project, by number or slug")
    .option("--organisation <slug>", "of devices of this organisation");
}

function pathOf({ device, template, project, organisation }: Owner): string {
  const given = Object.entries({
    devices: device,
    templates: template,
    projects: project,
    organisations: organisation,
  });
  const [only, ...others] = given.filter((entry): entry is [string, string] => entry[1] !== undefined);
  if (only === undefined || others.length > 0)
    throw new CommandError("say whose: one of --device, --template, --project and --organisation");
  return `${only[0]}/${encodeURIComponent(only[1])}`;
}

function parseLimits(text: string, before: Policy): Policy {
  const [, reason = "", warning, failed] = /^([a-z]+)=([^,]+),([^,]+)$/.exec(text) ?? [];
  const limits = [warning, failed].map((limit) => (limit === NEVER ? null : Number(limit)));
  if (!REASONS.some((one) => one === reason) || limits.some((limit) => Number.isNaN(limit)))
    throw new InvalidArgumentError(
      `As silence=30,120, or ${NEVER} for what is never so bad; of ${REASONS.join(", ")}.`,
    );
  return { ...before, [reason]: { warning: limits[0], failed: limits[1] } };
}

function hoursOf({ hours, zone, always }: SetOptions): Policy {
  if (always === true && hours !== undefined) throw new CommandError("take one of --hours and --always");
  if (zone !== undefined && hours === undefined) throw new CommandError("--zone is that of --hours");
  if (hours !== undefined) return { hours: { zone: zone ?? "UTC", windows: hours } };
  return always === true ? { hours: null } : {};
}

function tell({ json }: ServerOptions, { own, effective }: HealthPolicy): void {
  if (json) return console.log(JSON.stringify({ own, effective }));
  const rows = REASONS.map((reason) => {
    const { warning, failed } = (effective[reason] ?? {}) as { warning?: number | null; failed?: number | null };
    return [reason, String(warning ?? NEVER), String(failed ?? NEVER), Object.hasOwn(own, reason) ? "here" : ""];
  });
  showTable(["REASON", "WARNING", "FAILED", "SET"], rows);
  console.log(`boards are on: ${textOf(effective["hours"] as Hours | null | undefined)}`);
}

interface Hours {
  zone: string;
  windows: Window[];
}

function textOf(hours: Hours | null | undefined): string {
  if (hours == null) return "always";
  const windows = hours.windows.map(({ days, from, to }) => `${days.join(",")} ${from}-${to}`);
  return `${windows.join("; ")} (${hours.zone})`;
}
