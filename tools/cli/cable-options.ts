/** Options of `lintel sim` that one blank board on a cable makes nothing of: each is refused, rather than ignored. */
import type { Command } from "commander";
import { CommandError } from "./command-error.ts";

/** As commander names them, and why not. */
const WITHOUT: Record<string, string> = {
  devices: "it is one board",
  first: "its MAC address follows --seed",
  engine: "it is an emulated chip",
  server: "lintel flash tells it its server",
  api: "lintel flash tells the server of it",
  secret: "lintel flash gives it one",
  stranger: "lintel flash says what it shows",
  organisation: "lintel flash says where it belongs",
  project: "lintel flash says where it belongs",
  virtualHours: "whoever is at the cable is in real time",
  data: "there is no server inside",
  period: "lintel config sets it when the board runs a program",
  flash: "it is blank, and goes with the process",
  key: "lintel flash says which key it trusts",
  profile: "its programs come over the cable",
  trace: "its programs come over the cable",
};

export function checkCableOptions(command: Command): void {
  for (const [name, why] of Object.entries(WITHOUT)) {
    if (command.getOptionValueSource(name) !== "cli") continue;
    const option = command.options.find((one) => one.attributeName() === name)?.long ?? name;
    throw new CommandError(`--serial goes without ${option}: ${why}`);
  }
}
