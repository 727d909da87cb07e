/** The server as a process: starts, says where it listens, stops on a signal. The command line parses the options. */
import { startServer } from "./app.ts";
import type { ServerOptions } from "./server-options.ts";
import { keepHeapSmall } from "./small-heap.ts";

const SIGNALS = ["SIGTERM", "SIGINT"] as const;
/** What a shell reports for a process that a signal ended. */
const EXIT_OF_SIGNAL = { SIGTERM: 143, SIGINT: 130 } as const;

/** Resolves when the server has stopped; throws StartError when it did not start. A second signal exits at once. */
export async function runServer(options: ServerOptions): Promise<void> {
  keepHeapSmall();
  const { logger } = options;
  const server = await startServer(options);
  const { mqttPort, mqttsPort } = server;
  if (mqttPort !== 0) logger.info({ mqttPort, host: options.host }, "listening for devices");
  if (mqttsPort !== null) logger.info({ mqttsPort, host: options.host }, "listening for MQTT over TLS");
  logger.info({ url: server.url }, "listening for people");
  if (server.firstLink !== null) {
    logger.info({ link: server.firstLink }, "nobody has an account yet; this link makes the first one, once");
  }
  process.on("SIGHUP", () => server.reloadCertificate());
  await new Promise<void>((resolve, reject) => {
    let isStopping = false;
    const onSignal = (signal: (typeof SIGNALS)[number]) => {
      if (isStopping) process.exit(EXIT_OF_SIGNAL[signal]);
      isStopping = true;
      logger.info({ signal }, "stopping");
      server.stop().then(resolve, reject);
    };
    for (const signal of SIGNALS) process.on(signal, onSignal);
  });
  logger.info({}, "stopped");
}
