/**
 * Opens the data folder: the lock, the checks and the migrations. Everything that can be wrong with a folder or a file is
 * found here, before the first device connects, and becomes one StartError.
 */
import { chmodSync, closeSync, existsSync, openSync, statSync } from "node:fs";
import { join, resolve } from "node:path";
import Database from "better-sqlite3";
import { describe, errorCode, StartError } from "../errors.ts";
import {
  QUICK_CHECK_MAX_BYTES,
  READER_CACHE_KIB,
  SHRINK_FREE_MIN_PAGES,
  SHRINK_FREE_SHARE,
  SHRINK_MAX_BYTES,
  WAL_CHECKPOINT_PAGES,
  WRITER_CACHE_KIB,
} from "../limits.ts";
import { makeFolders } from "../make-folders.ts";
import { type FileLock, takeLock } from "./file-lock.ts";
import { APPLICATION_ID, MIGRATIONS } from "./schema.ts";

export const DATABASE_FILE = "lintel.db";
/** SQLite, "Database File Format" 1.3, rounded up to the smallest page. */
const HEADER_BYTES = 512;
const LOCK_FILE = "lintel.lock";
/** Secrets of devices are in it as they are: whoever signs with one needs it itself (RFC 2104). */
const FOLDER_MODE = 0o700;
const DATABASE_MODE = 0o600;

export interface DataFolder {
  path: string;
  databasePath: string;
  /** Gives the folder up. */
  release(): void;
}

export function openDataFolder(dataDir: string): DataFolder {
  const lock = lockDataFolder(dataDir);
  const databasePath = join(dataDir, DATABASE_FILE);
  try {
    prepareDatabase(databasePath);
  } catch (error) {
    lock.release();
    throw error;
  }
  return { path: dataDir, databasePath, release: () => lock.release() };
}

/** The connection that writes: durable at every commit. */
export function openForWriting(databasePath: string): Database.Database {
  const db = new Database(databasePath);
  db.pragma("journal_mode = WAL");
  db.pragma("synchronous = FULL");
  db.pragma("foreign_keys = ON");
  db.pragma(`cache_size = -${WRITER_CACHE_KIB}`);
  db.pragma(`wal_autocheckpoint = ${WAL_CHECKPOINT_PAGES}`);
  return db;
}

export function openForReading(databasePath: string): Database.Database {
  const db = new Database(databasePath, { readonly: true });
  db.pragma(`cache_size = -${READER_CACHE_KIB}`);
  return db;
}

function makeFolder(dataDir: string): void {
  try {
    makeFolders(resolve(dataDir), FOLDER_MODE);
  } catch (error) {
    const code = errorCode(error);
    if (code === "EEXIST" || code === "ENOTDIR") throw new StartError("E_DATA_NOT_A_FOLDER", dataDir, error);
    throw new StartError("E_DATA_NOT_WRITABLE", dataDir, error);
  }
  if (!statSync(dataDir).isDirectory()) throw new StartError("E_DATA_NOT_A_FOLDER", dataDir);
}

/** The folder, made where there is none, for this process alone. */
export function lockDataFolder(dataDir: string): FileLock {
  makeFolder(dataDir);
  let lock: FileLock | undefined;
  try {
    lock = takeLock(join(dataDir, LOCK_FILE));
  } catch (error) {
    throw new StartError("E_DATA_NOT_WRITABLE", dataDir, error);
  }
  if (lock === undefined) throw new StartError("E_DATA_IN_USE", dataDir);
  return lock;
}

function prepareDatabase(path: string): void {
  // SQLite takes a file shorter than its header for an empty one, and would write over what is left.
  const sizeBytes = existsSync(path) ? statSync(path).size : 0;
  if (sizeBytes > 0 && sizeBytes < HEADER_BYTES) throw new StartError("E_DATABASE_CORRUPT", path, "it is cut short");
  let db: Database.Database | undefined;
  try {
    keepToOwner(path);
    // Looked at before the first setting, which would already change the file.
    db = new Database(path);
    checkDatabase(db, path, QUICK_CHECK_MAX_BYTES);
    db.close();
    db = openForWriting(path);
    migrate(db);
    shrink(db);
  } catch (error) {
    if (error instanceof StartError) throw error;
    const code = errorCode(error);
    if (code.startsWith("SQLITE_NOTADB") || code.startsWith("SQLITE_CORRUPT")) {
      throw new StartError("E_DATABASE_CORRUPT", path, error);
    }
    throw new StartError("E_DATABASE_FAILED", path, error);
  } finally {
    db?.close();
  }
}

/** Its log and index get the same (SQLite, "Write-Ahead Logging" 2: they take the permissions of the database). */
function keepToOwner(path: string): void {
  closeSync(openSync(path, "a", DATABASE_MODE));
  try {
    chmodSync(path, DATABASE_MODE);
  } catch {
    // Somebody else's file that we may write: he has to see to it.
  }
}

/** `mostBytes`: a larger one is not read page by page. */
export function checkDatabase(db: Database.Database, path: string, mostBytes: number): void {
  if (db.pragma("application_id", { simple: true }) !== APPLICATION_ID) {
    // An empty one is ours to fill: a first start may have been killed before its first commit.
    if (db.prepare("SELECT count(*) FROM sqlite_schema").pluck().get() === 0) return;
    throw new StartError("E_DATABASE_FOREIGN", path);
  }
  const version = Number(db.pragma("user_version", { simple: true }));
  if (version > MIGRATIONS.length) {
    throw new StartError("E_DATABASE_NEWER", path, `version ${version}, this one knows ${MIGRATIONS.length}`);
  }
  // SQLite itself notices a file shorter than its header says. The rest of a small file is read once as well.
  if (statSync(path).size > mostBytes) return;
  const finding = db.pragma("quick_check(1)", { simple: true });
  if (finding !== "ok") throw new StartError("E_DATABASE_CORRUPT", path, describe(finding));
}

function migrate(db: Database.Database): void {
  const version = Number(db.pragma("user_version", { simple: true }));
  if (version === MIGRATIONS.length) return;
  db.transaction(() => {
    for (const step of MIGRATIONS.slice(version)) db.exec(step);
    db.pragma(`application_id = ${APPLICATION_ID}`);
    db.pragma(`user_version = ${MIGRATIONS.length}`);
  }).immediate();
}

/**
 * Free pages take new readings, so a file as large as it may be does not grow; one that has become half empty is written anew, at
 * a start, when nobody waits. `auto_vacuum` would do it bit by bit, and makes every insertion dearer by a sixth.
 */
function shrink(db: Database.Database): void {
  const [free, pages, bytes] = ["freelist_count", "page_count", "page_size"].map((name) =>
    Number(db.pragma(name, { simple: true })),
  ) as [number, number, number];
  const usedBytes = (pages - free) * bytes;
  if (free < pages * SHRINK_FREE_SHARE || free < SHRINK_FREE_MIN_PAGES || usedBytes > SHRINK_MAX_BYTES) return;
  db.exec("VACUUM");
  db.pragma("wal_checkpoint(TRUNCATE)");
}
