import { access, chmod, constants, mkdir, stat } from 'node:fs/promises';
import { homedir, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { findRuntimeUser, isReachableBy, type RuntimeUser } from './runtime-user.js';

/**
 * The one folder outside the checkout we write to: unpacked Postgres binaries and, when the account
 * Postgres runs as cannot walk into the checkout, its data. OCTOPIPE_CACHE_DIR decides when set.
 */
export async function getCacheFolder(env: NodeJS.ProcessEnv = process.env): Promise<string> {
  const user = await findRuntimeUser();
  const wish = env.OCTOPIPE_CACHE_DIR;
  const candidates = wish ? [resolve(wish)] : defaultFolders(env);
  for (const folder of candidates) {
    if (await makeUsable(folder, user)) return folder;
  }
  const whoReads = user === undefined ? '' : ` and reachable by the user "${user.name}" Postgres runs as`;
  throw new Error(
    `No usable cache folder among ${candidates.join(', ')}; set OCTOPIPE_CACHE_DIR to a folder that is yours, not writable by others${whoReads}.`,
  );
}

function defaultFolders(env: NodeJS.ProcessEnv): string[] {
  const userCache =
    process.platform === 'darwin' ? join(homedir(), 'Library', 'Caches') : join(homedir(), '.cache');
  return [
    join(env.XDG_CACHE_HOME || userCache, 'octopipe'),
    '/var/cache/octopipe',
    join(tmpdir(), `octopipe-cache-${process.getuid?.() ?? 0}`),
  ];
}

async function makeUsable(folder: string, user: RuntimeUser | undefined): Promise<boolean> {
  if (!(await isReachableBy(user, folder))) return false;
  try {
    await mkdir(folder, { recursive: true });
    const { uid, mode } = await stat(folder);
    // We run programs from here: a folder somebody else made first (in /tmp, say) is not to be trusted.
    if (uid !== process.getuid?.()) return false;
    if (mode !== (mode & ~0o022) || user !== undefined) await chmod(folder, 0o755);
    await access(folder, constants.W_OK | constants.X_OK);
  } catch (error) {
    // A read-only or foreign place is a reason to try the next one; the caller lists all when none is left.
    if (['EACCES', 'EPERM', 'EROFS', 'ENOTDIR', 'EEXIST', 'ENOENT'].includes(codeOf(error))) return false;
    throw error;
  }
  // Again, because a strict umask may just have made unreachable parents.
  return isReachableBy(user, folder);
}

function codeOf(error: unknown): string {
  return (error as NodeJS.ErrnoException).code ?? '';
}
