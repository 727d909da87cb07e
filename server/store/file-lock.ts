/**
 * A lock that one process has at a time: an exclusive transaction on a file of its own, held as long as the process runs. The
 * operating system drops it with the process, also after kill -9, so it cannot go stale, and a number that another process
 * got since misleads nobody (SQLite, "File Locking And Concurrency").
 */
import Database from "better-sqlite3";
import { errorCode } from "../errors.ts";

export interface FileLock {
  release(): void;
}

/** A lock that nobody refers to any more would go with the next garbage collection. */
const held = new Set<Database.Database>();

/** Undefined: another process has it. Throws what SQLite throws when the file cannot be opened. */
export function takeLock(file: string): FileLock | undefined {
  const db = new Database(file, { timeout: 0 });
  try {
    db.exec("BEGIN EXCLUSIVE");
    held.add(db);
    return {
      release: () => {
        held.delete(db);
        db.close();
      },
    };
  } catch (error) {
    db.close();
    if (errorCode(error).startsWith("SQLITE_BUSY")) return undefined;
    throw error;
  }
}
