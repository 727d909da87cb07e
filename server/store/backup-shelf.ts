/**
 * Copies of the database that were made while the server ran: one at a time, in a folder beside it, until it is fetched and taken
 * away, or the server starts again. A copy holds everything, secrets too.
 */
import { chmodSync, mkdirSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { describe } from "../errors.ts";

export const BACKUP_FOLDER = "backup";
const BACKUP_FILE = "lintel.db";
const OWNER_ONLY = 0o600;
const FOLDER_OWNER_ONLY = 0o700;

export interface Backup {
  /** When it was asked for, Unix time in ms. */
  startedMs: number;
  percent: number;
  /** Bytes; null: it is not whole yet. */
  sizeBytes: number | null;
  /** Null: none so far. */
  error: string | null;
}

export interface BackupShelfOptions {
  dataFolder: string;
  /** The copy itself; it must hear of every commit. */
  backUp: (path: string, onPercent: (percent: number) => void) => Promise<void>;
  nowMs: () => number;
}

export class BackupShelf {
  readonly #options: BackupShelfOptions;
  readonly #folder: string;
  #backup: Backup | undefined;
  #making: Promise<void> | undefined;

  constructor(options: BackupShelfOptions) {
    this.#options = options;
    this.#folder = join(options.dataFolder, BACKUP_FOLDER);
    rmSync(this.#folder, { recursive: true, force: true });
  }

  get path(): string {
    return join(this.#folder, BACKUP_FILE);
  }

  get last(): Backup | undefined {
    return this.#backup;
  }

  /** Begins one in place of the last; false: one is being made. */
  start(): boolean {
    if (this.#making !== undefined) return false;
    const backup: Backup = { startedMs: this.#options.nowMs(), percent: 0, sizeBytes: null, error: null };
    this.#backup = backup;
    this.#making = this.#make(backup).finally(() => {
      this.#making = undefined;
    });
    return true;
  }

  /** False: one is being made, or there is none. */
  remove(): boolean {
    if (this.#making !== undefined || this.#backup === undefined) return false;
    rmSync(this.#folder, { recursive: true, force: true });
    this.#backup = undefined;
    return true;
  }

  /** Resolves when none is being made. */
  async settled(): Promise<void> {
    await this.#making;
  }

  async #make(backup: Backup): Promise<void> {
    try {
      rmSync(this.#folder, { recursive: true, force: true });
      mkdirSync(this.#folder, { mode: FOLDER_OWNER_ONLY });
      await this.#options.backUp(this.path, (percent) => {
        backup.percent = percent;
      });
      chmodSync(this.path, OWNER_ONLY);
      backup.sizeBytes = statSync(this.path).size;
      backup.percent = 100;
    } catch (error) {
      backup.error = describe(error);
      rmSync(this.#folder, { recursive: true, force: true });
    }
  }
}
