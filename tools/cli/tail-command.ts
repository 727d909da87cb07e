/** `lintel tail`: readings as the server stores them. */

import type { Command } from "commander";
import { CommandError } from "./command-error.ts";
import { parseDevice } from "./device-name.ts";
import { apiOf, withServer } from "./server-options.ts";
import { StopRequest } from "./stop-request.ts";

interface TailOptions {
  server: URL;
  device?: string;
  stream?: string;
  json: boolean;
}

export function addTailCommand(program: Command): void {
  withServer(program.command("tail"))
    .description("show readings as they arrive")
    .option("--device <mac>", "of one device only", parseDevice)
    .option("--stream <id>", "of one stream only, four hex digits")
    .option("--json", "one JSON object a line", false)
    .action(async ({ server, device, stream, json }: TailOptions) => {
      const api = apiOf(server);
      checkStream(stream);
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

function checkStream(text: string | undefined): void {
  if (text === undefined || /^[0-9a-f]{4}$/.test(text)) return;
  throw new CommandError(`--stream takes 4 lowercase hex digits, not "${text}"`);
}
