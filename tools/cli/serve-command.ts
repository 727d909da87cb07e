/** `lintel serve`: the server as a process. */
import type { Command } from "commander";
import { runServer } from "../../server/main.ts";
import { productSettings } from "../build/product.ts";
import { consoleLogger } from "./console-logger.ts";
import { parsePort } from "./option-values.ts";

/** The port that IANA gave MQTT. */
export const DEFAULT_MQTT_PORT = 1883;
export const DEFAULT_HTTP_PORT = 8080;
export const DEFAULT_HOST = "127.0.0.1";

const listed = (folder: string, before: string[]) => [...before, folder];

interface ServeOptions {
  data: string;
  host: string;
  mqttPort: number;
  httpPort: number;
  product: string[];
  json: boolean;
  verbose: boolean;
}

export function addServeCommand(program: Command): void {
  program
    .command("serve")
    .description("run the server: MQTT for devices, HTTP for people")
    .option("--data <folder>", "where readings are kept", "lintel-data")
    .option("--host <address>", "address to listen on; 0.0.0.0 = every one, so that boards can reach it", DEFAULT_HOST)
    .option("--mqtt-port <port>", "port for devices, 0 = any free one", parsePort, DEFAULT_MQTT_PORT)
    .option("--http-port <port>", "port for the API and for MQTT over WebSocket", parsePort, DEFAULT_HTTP_PORT)
    .option(
      "--product <folder>",
      "a product whose settings can be changed, beside those of Lintel; as often as needed",
      listed,
      [],
    )
    .option("--json", "log one JSON object a line", false)
    .option("--verbose", "log more", false)
    .action(async (options: ServeOptions) => {
      const write = (line: string) => void process.stdout.write(`${line}\n`);
      const { json, verbose } = options;
      await runServer({
        dataDir: options.data,
        host: options.host,
        mqttPort: options.mqttPort,
        httpPort: options.httpPort,
        products: productSettings(options.product),
        logger: consoleLogger({ json, verbose, write }),
      });
    });
}
