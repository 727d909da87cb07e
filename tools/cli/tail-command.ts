/** `lintel tail`: readings as the server stores them. */
import type { Command } from "commander";
import { ApiClient } from "../client/api-client.ts";
import { findToken } from "../client/credentials.ts";
import { CommandError } from "./command-error.ts";
import { parseUrl } from "./option-values.ts";
import { DEFAULT_HOST, DEFAULT_HTTP_PORT } from "./serve-command.ts";
import { StopRequest } from "./stop-request.ts";

interface TailOptions {
  server: URL;
  device?: string;
  stream?: string;
  json: boolean;
}

export function addTailCommand(program: Command): void {
  program
    .command("tail")
    .description("show readings as they arrive")
    .option(
      "--server <url>",
      "API of a running server",
      parseUrl,
      new URL(`http://${DEFAULT_HOST}:${DEFAULT_HTTP_PORT}`),
    )
    .option("--device <mac>", "of one device only, twelve hex digits")
    .option("--stream <id>", "of one stream only, four hex digits")
    .option("--json", "one JSON object a line", false)
    .action(async ({ server, device, stream, json }: TailOptions) => {
      const api = new ApiClient(server, findToken(server));
      checkHex("--device", device, 12);
      checkHex("--stream", stream, 4);
      if (!(await api.isHealthy())) {
        throw new CommandError(`no server answers at ${server.origin}: start one with lintel serve, or see --server`);
      }
      const filter = { ...(device === undefined ? {} : { device }), ...(stream === undefined ? {} : { stream }) };
      const view = api.live(filter, (reading) => {
        if (json) console.log(JSON.stringify(reading));
        else console.log(`${reading.time}  ${reading.device}  ${reading.stream}  ${reading.value}`);
      });
      view.addEventListener("error", () => console.error(`lintel: lost ${server.origin}, trying again`));
      await new StopRequest().wait();
      view.close();
    });
}

function checkHex(option: string, text: string | undefined, digits: number): void {
  if (text === undefined || new RegExp(`^[0-9a-f]{${digits}}$`).test(text)) return;
  throw new CommandError(`${option} takes ${digits} lowercase hex digits, not "${text}"`);
}
