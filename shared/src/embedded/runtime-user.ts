import { execFile } from 'node:child_process';
import { stat } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { promisify } from 'node:util';

export type RuntimeUser = { name: string; uid: number; gid: number };

/**
 * The account Postgres runs as when we are root, because `initdb` and `postgres` refuse root.
 * Undefined when we are an ordinary user: then everything runs as ourselves.
 */
export async function findRuntimeUser(): Promise<RuntimeUser | undefined> {
  if (process.getuid?.() !== 0) return undefined;
  for (const name of ['postgres', 'nobody']) {
    const user = await findUser(name);
    if (user !== undefined) return user;
  }
  throw new Error(
    'Postgres refuses to run as root and there is neither a user "postgres" nor "nobody"; run octopipe as an ordinary user or set DATABASE_URL.',
  );
}

/**
 * Whether `user` may walk down to `path`: every existing folder on the way lets it through.
 * A checkout under a 0700 home fails here. Parts that do not exist yet are ours to create.
 */
export async function isReachableBy(user: RuntimeUser | undefined, path: string): Promise<boolean> {
  if (user === undefined) return true;
  for (let folder = resolve(path); ; folder = dirname(folder)) {
    const found = await stat(folder).catch(ignoreMissing);
    if (found?.isDirectory() && !mayTraverse(user, found)) return false;
    if (folder === dirname(folder)) return true;
  }
}

async function findUser(name: string): Promise<RuntimeUser | undefined> {
  // `id` and not /etc/passwd: macOS and LDAP machines keep their users elsewhere.
  try {
    const [uid, gid] = await Promise.all(['-u', '-g'].map((flag) => promisify(execFile)('id', [flag, name])));
    return { name, uid: Number(uid?.stdout), gid: Number(gid?.stdout) };
  } catch {
    return undefined;
  }
}

function mayTraverse(user: RuntimeUser, folder: { uid: number; gid: number; mode: number }): boolean {
  if (folder.uid === user.uid) return (folder.mode & 0o100) !== 0;
  if (folder.gid === user.gid) return (folder.mode & 0o010) !== 0;
  return (folder.mode & 0o001) !== 0;
}

function ignoreMissing(error: NodeJS.ErrnoException): undefined {
  if (error.code === 'ENOENT') return undefined;
  throw error;
}
