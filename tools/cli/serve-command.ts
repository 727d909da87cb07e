/** `lintel serve`: the server as a process. */
import { type Command, Option } from "commander";
import { REGISTRATION_NAMES, type RegistrationName } from "../../server/access/registration.ts";
import { StartError } from "../../server/errors.ts";
import type { MailOptions } from "../../server/events/send-mail.ts";
import { runServer } from "../../server/main.ts";
import type { ServerOptions } from "../../server/server-options.ts";
import { productSettings } from "../build/product.ts";
import { DEFAULT_DATA_FOLDER } from "../client/credentials.ts";
import { CommandError } from "./command-error.ts";
import { readBytes } from "./command-files.ts";
import { consoleLogger } from "./console-logger.ts";
import { parsePort, parseProxies } from "./option-values.ts";
import { addKeepOptions, type KeepOptions, retentionOf } from "./retention-options.ts";

/** The port that IANA gave MQTT. */
export const DEFAULT_MQTT_PORT = 1883;
export const DEFAULT_HTTP_PORT = 8080;
/** The port that IANA gave MQTT over TLS. */
const DEFAULT_MQTTS_PORT = 8883;
export const DEFAULT_HOST = "127.0.0.1";

const PORT_ERRORS: readonly string[] = ["E_PORT_IN_USE", "E_PORT_DENIED"];
const LOOPBACK = new Set(["127.0.0.1", "::1", "localhost"]);

const listed = (folder: string, before: string[]) => [...before, folder];

interface ServeOptions extends KeepOptions {
  data: string;
  host: string;
  mqttPort: number;
  httpPort: number;
  product: string[];
  tlsCert?: string;
  tlsKey?: string;
  mqttsPort: number;
  plainMqtt: boolean;
  login: boolean;
  trustProxy?: string;
  webhooksPrivate: boolean;
  smtp?: string;
  smtpPasswordFile?: string;
  mailFrom?: string;
  registration: RegistrationName;
  json: boolean;
  verbose: boolean;
}

export function addServeCommand(program: Command): void {
  const command = program
    .command("serve")
    .description("run the server: MQTT for devices, HTTP for people")
    .option("--data <folder>", "where readings are kept", DEFAULT_DATA_FOLDER)
    .option("--host <address>", "address to listen on; 0.0.0.0 = every one, so that boards can reach it", DEFAULT_HOST)
    .option("--mqtt-port <port>", "port for devices, 0 = any free one", parsePort, DEFAULT_MQTT_PORT)
    .option("--http-port <port>", "port for the API and for MQTT over WebSocket", parsePort, DEFAULT_HTTP_PORT)
    .option(
      "--product <folder>",
      "a product whose settings can be changed, beside those of Lintel; as often as needed",
      listed,
      [],
    )
    .option("--tls-cert <file>", "certificate chain, PEM: the API as https, MQTT over TLS; read again when it changes")
    .option("--tls-key <file>", "its key, PEM, without a passphrase")
    .option("--mqtts-port <port>", "port for MQTT over TLS, 0 = any free one", parsePort, DEFAULT_MQTTS_PORT)
    .option("--no-plain-mqtt", "no MQTT without TLS: no boards either, for they speak none yet")
    .option("--no-login", "whoever reaches the server may do everything; on this machine alone (127.0.0.1)")
    .option(
      "--trust-proxy <addresses>",
      "of proxies in front of the server, as 127.0.0.1 or 10.0.0.0/8; their word is taken on who asks and whether by https",
      parseProxies,
    )
    .option(
      "--smtp <url>",
      "send mail of alerts through this server: smtp://USER@HOST:587 (STARTTLS) or smtps://USER@HOST:465",
    )
    .option("--smtp-password-file <file>", "with the password in its first line; or it is in LINTEL_SMTP_PASSWORD")
    .option("--mail-from <address>", "whom mails are from")
    .option(
      "--webhooks-private",
      "webhooks may go to this machine and its own network too, not to public addresses alone",
      false,
    )
    .addOption(
      new Option("--registration <which>", "boards that the first project of a new data folder takes in")
        .choices([...REGISTRATION_NAMES])
        .default("claim" satisfies RegistrationName),
    );
  addKeepOptions(command)
    .option("--json", "log one JSON object a line", false)
    .option("--verbose", "log more", false)
    .action(async (options: ServeOptions) => {
      const write = (line: string) => void process.stdout.write(`${line}\n`);
      const { json, verbose } = options;
      if (!options.login && !LOOPBACK.has(options.host)) {
        throw new CommandError(
          `--no-login would open the server to whoever reaches ${options.host}: listen on ${DEFAULT_HOST}, or let people log in`,
        );
      }
      const { tlsCert: certFile, tlsKey: keyFile, plainMqtt } = options;
      if ((certFile === undefined) !== (keyFile === undefined)) {
        throw new CommandError("--tls-cert and --tls-key belong together: give both, or none");
      }
      if (!plainMqtt && certFile === undefined) {
        throw new CommandError("--no-plain-mqtt leaves no MQTT at all without --tls-cert and --tls-key");
      }
      const tls = certFile === undefined || keyFile === undefined ? {} : { tls: { certFile, keyFile } };
      await naming(
        { "--mqtt-port": options.mqttPort, "--http-port": options.httpPort, "--mqtts-port": options.mqttsPort },
        {
          ...tls,
          plainMqtt,
          mqttsPort: options.mqttsPort,
          login: options.login ? "required" : "off",
          registration: options.registration,
          trustProxy: options.trustProxy,
          webhooksPrivate: options.webhooksPrivate,
          ...mailOf(options),
          dataDir: options.data,
          host: options.host,
          mqttPort: options.mqttPort,
          httpPort: options.httpPort,
          products: productSettings(options.product),
          retention: retentionOf(options),
          logger: consoleLogger({ json, verbose, write }),
        },
      );
    });
}

/** A port that cannot be had is told with the option that changes it. */
async function naming(ports: Record<string, number>, options: ServerOptions): Promise<void> {
  try {
    await runServer(options);
  } catch (error) {
    if (!(error instanceof StartError) || !PORT_ERRORS.includes(error.code)) throw error;
    const option = Object.keys(ports).find((name) => error.message.startsWith(`port ${ports[name]} `));
    throw option === undefined ? error : new CommandError(`${error.message}, with ${option}`);
  }
}

/** The password is in no argument, where everybody on the machine could read it. */
function mailOf({ smtp, smtpPasswordFile, mailFrom }: ServeOptions): { mail?: MailOptions } {
  if (smtp === undefined && mailFrom === undefined && smtpPasswordFile === undefined) return {};
  if (smtp === undefined || mailFrom === undefined)
    throw new CommandError("--smtp and --mail-from belong together: give both, or none");
  const password =
    smtpPasswordFile === undefined
      ? process.env["LINTEL_SMTP_PASSWORD"]
      : Buffer.from(readBytes(smtpPasswordFile)).toString("utf8").split(/\r?\n/, 1)[0];
  return { mail: { url: smtp, from: mailFrom, ...(password !== undefined && { password }) } };
}
