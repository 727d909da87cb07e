/** `lintel tail`: readings as the server stores them. */
import type { Command } from "commander";
import { CommandError } from "./command-error.ts";
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
    .option("--device <mac>", "of one device only, twelve hex digits")
    .option("--stream <id>", "of one stream only, four hex digits")
    .option("--json", "one JSON object a line", false)
    .action(async ({ server, device, stream, json }: TailOptions) => {
      const api = apiOf(server);
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
