import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { linkSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { isAlive } from '@octopipe/shared/embedded/postgres-owner';
import { z } from 'zod';
import { CliError } from '../exit-codes.js';

const Holder = z.object({ pid: z.number().int(), startedAt: z.string() });
type Holder = z.infer<typeof Holder>;

/**
 * One stack per state folder. The lock names its holder by pid and by when that process started, so that the lock
 * of a killed run never blocks, not even when its number was given to another process since.
 */
export function lockStack(lockFile: string): { release(): void } {
  const mine: Holder = { pid: process.pid, startedAt: startOf(process.pid) };
  for (let attempt = 0; attempt < 20; attempt += 1) {
    if (tryLink(lockFile, mine)) return { release: () => release(lockFile, mine) };
    const found = readText(lockFile);
    if (found === undefined) continue;
    const holder = parseHolder(found);
    if (holder !== undefined && holds(holder)) throw busy(lockFile, holder.pid);
    setAside(lockFile, found);
  }
  throw new CliError('unexpected', `The lock ${lockFile} cannot be taken; remove it and run again.`);
}

function busy(lockFile: string, pid: number): CliError {
  return new CliError(
    'usage',
    `Another octopipe (pid ${pid}) is running with this state folder (${lockFile}); stop it with Ctrl-C or "kill ${pid}", or name another folder with --state-dir.`,
  );
}

/** The lock appears with its content or not at all. */
function tryLink(lockFile: string, mine: Holder): boolean {
  const temporary = `${lockFile}.${process.pid}-${randomBytes(4).toString('hex')}`;
  writeFileSync(temporary, JSON.stringify(mine));
  try {
    linkSync(temporary, lockFile);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  } finally {
    rmSync(temporary, { force: true });
  }
}

/** Removes a stale lock, but not one that somebody else took while we looked. */
function setAside(lockFile: string, stale: string): void {
  const aside = `${lockFile}.stale-${process.pid}-${randomBytes(4).toString('hex')}`;
  try {
    renameSync(lockFile, aside);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return;
    throw error;
  }
  try {
    if (readText(aside) !== stale) linkSync(aside, lockFile);
  } catch (error) {
    // A third one was quicker still; it holds the lock now.
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  } finally {
    rmSync(aside, { force: true });
  }
}

function release(lockFile: string, mine: Holder): void {
  const found = readText(lockFile);
  if (found !== undefined && found === JSON.stringify(mine)) rmSync(lockFile, { force: true });
}

function holds(holder: Holder): boolean {
  if (!isAlive(holder.pid)) return false;
  const now = startOf(holder.pid);
  // When the system does not tell, the pid alone decides: better one needless question than two stacks.
  return now === '' || holder.startedAt === '' || now === holder.startedAt;
}

/** When a process started, in whatever form the system has; '' when it does not say. */
function startOf(pid: number): string {
  try {
    // The name in brackets may hold blanks; the start time is the 20th field after it (proc(5): field 22).
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? '';
  } catch {
    return startByPs(pid);
  }
}

function startByPs(pid: number): string {
  try {
    return execFileSync('ps', ['-o', 'lstart=', '-p', String(pid)], { encoding: 'utf8' }).trim();
  } catch {
    return '';
  }
}

function parseHolder(text: string): Holder | undefined {
  try {
    return Holder.parse(JSON.parse(text));
  } catch {
    return undefined; // Not one of ours, or cut off by a full disk: nobody can be named, so nobody holds it.
  }
}

function readText(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
