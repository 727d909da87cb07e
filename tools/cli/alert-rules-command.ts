/** `lintel alert-rules`: when somebody is to be told, and through which channels. */
import { type Command, Option } from "commander";
import type { AlertRule } from "../client/alert-client.ts";
import { CommandError } from "./command-error.ts";
import { withOrganisation } from "./device-create-commands.ts";
import { parseDevices } from "./device-name.ts";
import { parseCount, parseNumber } from "./option-values.ts";
import { apiOf, type ServerOptions, withJson } from "./server-options.ts";
import { showTable } from "./text-table.ts";

interface AddOptions extends ServerOptions {
  organisation?: string;
  health?: string;
  reason: string[];
  stream?: string;
  above?: number;
  below?: number;
  margin?: number;
  change: string[];
  project?: number;
  device: string[];
  tag: string[];
  hold?: number;
  channel: number[];
}

const listed = (text: string, before: string[]) => [...before, text];

export function addAlertRulesCommand(program: Command): void {
  const rules = program.command("alert-rules").description("when somebody is to be told, and through which channels");
  withJson(rules.command("list"))
    .description("the rules")
    .action(async ({ server, json }: ServerOptions) => {
      const found = await apiOf(server).alerts.rules();
      if (json) console.log(JSON.stringify(found));
      else showTable(["ID", "NAME", "WHEN", "OF", "HOLD", "CHANNELS", ""], found.map(rowOf));
    });
  withOrganisation(withJson(rules.command("add")))
    .description("make a rule: --health, or --stream with --above or --below, or --change")
    .argument("<name>", "as people call it; messages begin with it")
    .addOption(new Option("--health <state>", "a device fares so, or worse").choices(["warning", "failed"]))
    .option(
      "--reason <reason>",
      "for this: silence, restarts, memory, signal, queue, clock; as often as needed",
      listed,
      [],
    )
    .option("--stream <id>", "the latest value of this stream, four hex digits")
    .option("--above <value>", "is above", parseNumber)
    .option("--below <value>", "is below", parseNumber)
    .option("--margin <value>", "it is over when it is back by so much", parseNumber)
    .option("--change <kind>", "this happens, as device.created; as often as needed", listed, [])
    .option("--project <id>", "only devices of this project", parseCount(1))
    .option("--device <mac>", "only this device; as often as needed", parseDevices, [])
    .option("--tag <tag>", "only devices that have it; as often as needed", listed, [])
    .option("--hold <seconds>", "it has to last for so long", parseCount(0, 7 * 86_400))
    .option(
      "--channel <id>",
      "tell it through this channel; as often as needed",
      (text, before: number[]) => [...before, parseCount(1)(text)],
      [],
    )
    .action(async (name: string, options: AddOptions) => {
      const { server, json, organisation, project, device, tag, hold, channel } = options;
      const scope = {
        ...(project !== undefined && { project }),
        ...(device.length > 0 && { devices: device }),
        ...(tag.length > 0 && { tags: tag }),
      };
      const rule = { name, condition: conditionOf(options), scope, channels: channel };
      const made = await apiOf(server).alerts.addRule(
        hold === undefined ? rule : { ...rule, holdS: hold },
        organisation,
      );
      console.log(json ? JSON.stringify(made) : `rule ${made.id} is made`);
    });
  for (const [verb, enabled] of [
    ["enable", true],
    ["disable", false],
  ] as const) {
    withJson(rules.command(verb))
      .description(enabled ? "let a rule count again" : "let a rule rest; its open alerts are closed")
      .argument("<id>", "its number, as the list shows it", parseCount(1))
      .action(async (id: number, { server, json }: ServerOptions) => {
        const rule = await apiOf(server).alerts.changeRule(id, { enabled });
        console.log(json ? JSON.stringify(rule) : `rule ${id} is ${verb}d`);
      });
  }
  withJson(rules.command("delete"))
    .description("delete a rule; its open alerts are closed")
    .argument("<id>", "its number, as the list shows it", parseCount(1))
    .action(async (id: number, { server, json }: ServerOptions) => {
      await apiOf(server).alerts.deleteRule(id);
      console.log(json ? JSON.stringify({ id, deleted: true }) : `rule ${id} is deleted`);
    });
}

function conditionOf({ health, reason, stream, above, below, margin, change }: AddOptions): object {
  const conditions = [
    ...(health === undefined ? [] : [{ kind: "health", state: health, ...(reason.length > 0 && { reasons: reason }) }]),
    ...(stream === undefined ? [] : [{ kind: "value", stream, above, below, margin }]),
    ...(change.length === 0 ? [] : [{ kind: "change", changes: change }]),
  ];
  const [only, ...others] = conditions;
  if (only === undefined || others.length > 0)
    throw new CommandError(
      "a rule is about one thing: give --health, or --stream with --above or --below, or --change",
    );
  return only;
}

function rowOf({ id, name, condition, scope, holdS, channels, enabled }: AlertRule): string[] {
  const { kind, ...rest } = condition;
  const when = `${kind} ${Object.entries(rest)
    .map(([key, value]) => `${key}=${value}`)
    .join(" ")}`;
  const of = [
    scope.project === undefined ? "" : `project ${scope.project}`,
    (scope.devices ?? []).join(" "),
    (scope.tags ?? []).join(" "),
  ];
  return [
    ...[String(id), name, when, of.filter((part) => part !== "").join(", ") || "all"],
    ...[`${holdS} s`, channels.join(" "), enabled ? "" : "disabled"],
  ];
}
