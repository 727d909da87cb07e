/**
 * Where the server of a simulation keeps its files while that runs: in memory where the system has a file system of memory for all
 * (/dev/shm on Linux, shm_overview(7)), else where temporary files go. Nobody cuts the power of that server, and each of
 * its commits would wait for a disk: in a month of votes that is most of the time.
 */
import { constants } from "node:fs";
import { access, mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

const MEMORY_FOLDER = "/dev/shm";

/** Makes a new folder; whoever asked removes it. */
export async function makeScratchFolder(prefix: string): Promise<string> {
  const isThere = await access(MEMORY_FOLDER, constants.W_OK).then(
    () => true,
    () => false,
  );
  return mkdtemp(join(isThere ? MEMORY_FOLDER : tmpdir(), prefix));
}
