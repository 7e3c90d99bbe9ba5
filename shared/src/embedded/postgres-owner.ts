import { execFileSync } from 'node:child_process';
import { existsSync, readlinkSync, realpathSync } from 'node:fs';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/**
 * Makes sure that nobody else runs on `dataDir`:
 *
 * - no server there, or only the pid file of a dead one: go on
 * - a server whose octopipe is alive: refuse, and say who it is
 * - a server whose octopipe was killed: its watchdog is stopping it; wait, and stop it ourselves if that hangs
 *
 * Two starts at the same moment both pass; Postgres' own lock lets one of them run, and only that one
 * calls `noteOwner`.
 */
export async function assertUnclaimed(dataDir: string, ownerFile: string): Promise<void> {
  const postmaster = await findPostmaster(dataDir);
  if (postmaster !== undefined) await endOrphan(postmaster, dataDir, ownerFile);
  await removeForeignPidFile(dataDir);
}

export async function noteOwner(ownerFile: string): Promise<void> {
  await writeFile(ownerFile, `${process.pid}\n`);
}

/** The pid of the server that runs on `dataDir` now. */
export async function findPostmaster(dataDir: string): Promise<number | undefined> {
  const pid = await readPid(join(dataDir, 'postmaster.pid'));
  return pid !== undefined && isAlive(pid) && runsOn(pid, dataDir) ? pid : undefined;
}

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/**
 * Postgres takes any live process with the number in its pid file for a server, and in containers numbers
 * come again soon. Only that case is removed here: a dead number Postgres clears up itself, with more checks.
 */
async function removeForeignPidFile(dataDir: string): Promise<void> {
  const file = join(dataDir, 'postmaster.pid');
  const pid = await readPid(file);
  if (pid !== undefined && isAlive(pid) && !runsOn(pid, dataDir)) await rm(file, { force: true });
}

function runsOn(pid: number, dataDir: string): boolean {
  try {
    // A postmaster's working folder is its data folder.
    if (existsSync('/proc/self/cwd')) return readlinkSync(`/proc/${pid}/cwd`) === realpathSync(dataDir);
    return execFileSync('ps', ['-o', 'command=', '-p', String(pid)], { encoding: 'utf8' }).includes(dataDir);
  } catch {
    return false; // Ended meanwhile, or another user's process: then it is not the one we started.
  }
}

async function endOrphan(postmaster: number, dataDir: string, ownerFile: string): Promise<void> {
  if (await isGoneWithin(12_000, postmaster, ownerFile)) return;
  process.kill(postmaster, 'SIGINT');
  if (await isGoneWithin(10_000, postmaster, ownerFile)) return;
  throw new Error(
    `The Postgres (pid ${postmaster}) that a killed octopipe left on ${dataDir} does not stop; end it with "kill ${postmaster}".`,
  );
}

async function isGoneWithin(timeoutMs: number, postmaster: number, ownerFile: string): Promise<boolean> {
  for (const deadline = Date.now() + timeoutMs; Date.now() < deadline; await sleep(50)) {
    if (!isAlive(postmaster)) return true;
    // In the loop, because an octopipe that is just starting notes itself a moment after its server is up.
    const owner = await readPid(ownerFile);
    if (owner !== undefined && isAlive(owner)) {
      throw new Error(
        `Another octopipe (pid ${owner}) is running with this state folder; stop it or set OCTOPIPE_STATE_DIR to another folder.`,
      );
    }
  }
  return false;
}

async function readPid(file: string): Promise<number | undefined> {
  try {
    const pid = Number.parseInt(await readFile(file, 'utf8'), 10);
    return Number.isNaN(pid) ? undefined : pid;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
