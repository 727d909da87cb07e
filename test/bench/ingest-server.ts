/** The real server in a process of its own, for the bench. */
import { startServer } from "../../server/app.ts";
import { silentLogger } from "../../server/logger.ts";
import { keepHeapSmall } from "../../server/small-heap.ts";

keepHeapSmall();
const server = await startServer({
  dataDir: process.argv[2] ?? "",
  host: "127.0.0.1",
  mqttPort: 0,
  httpPort: 0,
  logger: silentLogger,
});
process.send?.({ port: server.mqttPort, url: server.url });
process.on("message", async () => {
  await server.stop();
  process.exit(0);
});
