/**
 * A backup takes the place of what a data folder holds, or there is none yet. It is checked whole before anything is touched; then
 * the database that is there is put aside under another name, and the copy gets its place by a rename, so that a power cut leaves
 * the one or the other.
 */
import { closeSync, copyFileSync, existsSync, fsyncSync, openSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import Database from "better-sqlite3";
import { StartError } from "../errors.ts";
import { checkDatabase, DATABASE_FILE, lockDataFolder } from "./open-database.ts";

/** Files that SQLite keeps beside a database ("Write-Ahead Logging" 6). */
const COMPANIONS = ["-wal", "-shm"];
const RESTORING = "restoring";

export interface Restored {
  devices: number;
  readings: number;
  /** Of the newest thing in it, Unix time in ms; null: there is none. */
  lastSeenMs: number | null;
  /** Where the database that was there is now; null: there was none. */
  putAside: string | null;
}

/** Throws StartError for a backup that is none or damaged, and for a folder where a server runs. */
export function restoreDatabase(backup: string, dataDir: string, isReplacing: boolean, nowMs: number): Restored {
  if (!existsSync(backup)) throw new StartError("E_BACKUP_MISSING", backup);
  const figures = inspect(backup);
  const lock = lockDataFolder(dataDir);
  try {
    const path = join(dataDir, DATABASE_FILE);
    const isThere = existsSync(path);
    if (isThere && !isReplacing) throw new StartError("E_DATA_NOT_EMPTY", dataDir);
    const fresh = join(dataDir, `${DATABASE_FILE}.${RESTORING}`);
    copyFileSync(backup, fresh);
    flush(fresh);
    const aside = `${path}.before-${new Date(nowMs).toISOString().replace(/[:.]/g, "-")}`;
    if (isThere) {
      settleLog(path);
      renameSync(path, aside);
    }
    // A log of the database before would be played into this one.
    for (const companion of COMPANIONS) rmSync(path + companion, { force: true });
    renameSync(fresh, path);
    flush(dataDir);
    return { ...figures, putAside: isThere ? aside : null };
  } finally {
    lock.release();
  }
}

function inspect(backup: string): Omit<Restored, "putAside"> {
  const db = openBackup(backup);
  try {
    checkDatabase(db, backup, Number.POSITIVE_INFINITY);
    const number = (sql: string) => db.prepare<[], number | null>(sql).pluck().get() ?? null;
    return {
      devices: number("SELECT count(*) FROM devices") ?? 0,
      readings: number("SELECT sum(reading_count) FROM streams") ?? 0,
      lastSeenMs: number("SELECT max(last_seen_ms) FROM devices"),
    };
  } catch (error) {
    throw error instanceof StartError ? error : new StartError("E_DATABASE_CORRUPT", backup, error);
  } finally {
    db.close();
  }
}

function openBackup(backup: string): Database.Database {
  try {
    return new Database(backup, { readonly: true });
  } catch (error) {
    throw new StartError("E_DATABASE_FAILED", backup, error);
  }
}

/** What the database before has in its log goes into it, so that what is put aside is whole. */
function settleLog(path: string): void {
  try {
    const db = new Database(path);
    db.pragma("wal_checkpoint(TRUNCATE)");
    db.close();
  } catch {
    // It is damaged, which may be why somebody restores.
  }
}

/** To the disk: a file, or the names in a folder. */
function flush(path: string): void {
  const file = openSync(path, "r");
  try {
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}
