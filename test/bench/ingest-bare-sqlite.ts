/** What SQLite alone can do: the same table, the same statements and settings, one thread, nothing to decode. */
import { join } from "node:path";
import { openForWriting } from "../../server/store/open-database.ts";
import { ReadingInserter } from "../../server/store/reading-inserter.ts";
import { MIGRATIONS } from "../../server/store/schema.ts";

/** As the load sends them. */
const READINGS_PER_PACK = 10;
const ROWS_PER_TRANSACTION = 5000;
const BASE_TIME_MS = 1_700_000_000_000;

const [dataDir = "", secondsText = "5", devicesText = "50"] = process.argv.slice(2);
const seconds = Number(secondsText);
const devices = Number(devicesText);
const db = openForWriting(join(dataDir, "bare.db"));
for (const step of MIGRATIONS) db.exec(step);
const inserter = new ReadingInserter(db);
const begin = db.prepare("BEGIN IMMEDIATE");
const commit = db.prepare("COMMIT");

const startMs = performance.now();
let rows = 0;
let pack = 0;
while (performance.now() - startMs < seconds * 1000) {
  begin.run();
  for (let i = 0; i < ROWS_PER_TRANSACTION; i += READINGS_PER_PACK) {
    const device = pack % devices;
    const first = Math.floor(pack / devices) * READINGS_PER_PACK;
    for (let j = 0; j < READINGS_PER_PACK; j++) {
      inserter.add(device * 2 + (j % 2), BASE_TIME_MS + (first + j) * 1000, device, first + j + 1, j, 0, null);
    }
    pack++;
  }
  inserter.flush();
  commit.run();
  rows += ROWS_PER_TRANSACTION;
}
const rowsPerS = (rows * 1000) / (performance.now() - startMs);
db.close();
process.send?.({ rowsPerS }, () => process.exit(0));
