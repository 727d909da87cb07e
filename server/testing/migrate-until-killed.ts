/** For the test of migrations: opens a data folder, and ends as by a power cut before the step whose number is given. */
import Database from "better-sqlite3";
import { openDataFolder } from "../store/open-database.ts";
import { MIGRATIONS } from "../store/schema.ts";

const [, , dataDir = "", before = "0"] = process.argv;
const exec = Database.prototype.exec;
Database.prototype.exec = function (sql) {
  if (sql === MIGRATIONS[Number(before)]) process.kill(process.pid, "SIGKILL");
  return exec.call(this, sql);
};
openDataFolder(dataDir);
