/** What Aedes alone can do with the same bytes: decode every pack with cbor-x and drop it. */
import { createServer } from "node:net";
import { Aedes } from "aedes";
import { Decoder } from "cbor-x";

const decoder = new Decoder({ useRecords: false, mapsAsObjects: false });
const aedes = await Aedes.createBroker();
let records = 0;
aedes.on("publish", (packet, client) => {
  if (client !== null) records += (decoder.decode(packet.payload as Buffer) as unknown[]).length;
});
const server = createServer({ noDelay: true }, (socket) => aedes.handle(socket));
server.listen(0, "127.0.0.1", () => {
  const address = server.address();
  process.send?.({ port: typeof address === "object" && address !== null ? address.port : 0, url: "" });
});
process.on("message", () => process.exit(records > 0 ? 0 : 1));
