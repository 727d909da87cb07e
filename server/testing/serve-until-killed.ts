/** For the test that kills it: a server in a process of its own. */
import { startTestServer } from "./test-server.ts";

const server = await startTestServer(process.argv[2] ?? "");
process.send?.({ mqttPort: server.mqttPort, url: server.url });
