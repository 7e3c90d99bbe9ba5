// Makes a fresh clone ready to run: checks Node, installs packages, builds. Needs nothing installed itself.
import { spawn } from 'node:child_process';
import {
  existsSync,
  linkSync,
  mkdirSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

export const repoRoot = fileURLToPath(new URL('..', import.meta.url));

const oldestNode = [20, 19];

/** Exits with one sentence when something is missing that only the caller can provide. */
export async function ensureReady({ build = true } = {}) {
  assertNodeVersion();
  await oneAtATime(async () => {
    if (!isInstalled()) await install();
    if (build) await compile();
  });
}

/** Runs a program of node_modules/.bin to its end; its exit code. */
export function runTool(name, args) {
  return runToEnd(join(repoRoot, 'node_modules', '.bin', name), args);
}

export function giveUp(sentence) {
  console.error(`octopipe: ${sentence}`);
  process.exit(1);
}

function assertNodeVersion() {
  const [major, minor] = process.versions.node.split('.').map(Number);
  if (major > oldestNode[0] || (major === oldestNode[0] && minor >= oldestNode[1])) return;
  giveUp(
    `Node ${oldestNode.join('.')} or newer is needed and this is ${process.versions.node}; install it from https://nodejs.org and run the command again.`,
  );
}

/**
 * Whether node_modules holds what the lockfile names. The stamp (a copy of the lockfile) makes the usual case
 * cheap; without one, npm's own record decides, so that a person's `npm install` is not done over.
 */
function isInstalled() {
  const wanted = readFileSync(join(repoRoot, 'package-lock.json'), 'utf8');
  const stamp = join(repoRoot, 'node_modules', '.octopipe-install');
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === stampOf(wanted)) return true;

  const record = join(repoRoot, 'node_modules', '.package-lock.json');
  if (!existsSync(record)) return false;
  const installed = JSON.parse(readFileSync(record, 'utf8')).packages;
  const missing = Object.entries(JSON.parse(wanted).packages).filter(([path, entry]) => {
    if (!path.includes('node_modules/')) return false;
    const found = installed[path];
    // Optional ones are for other platforms, or could not be had; an install would not change that.
    return found === undefined ? !entry.optional : found.version !== entry.version;
  });
  if (missing.length > 0) return false;
  writeStamp(wanted);
  return true;
}

/** Node's major and the platform belong to it: both decide which optional packages npm takes. */
function stampOf(lockfile) {
  return `${process.platform}-${process.arch} node ${process.versions.node.split('.')[0]}\n${lockfile}`;
}

function writeStamp(lockfile) {
  writeFileSync(join(repoRoot, 'node_modules', '.octopipe-install'), stampOf(lockfile));
}

async function install() {
  const wanted = readFileSync(join(repoRoot, 'package-lock.json'), 'utf8');
  const started = Date.now();
  console.log('Installing packages (npm ci) …');
  // Named in full, because NODE_ENV=production or an `omit` in somebody's npmrc would leave out the compiler.
  const flags = ['ci', '--no-audit', '--no-fund', '--loglevel=error', '--include=dev', '--include=optional'];
  // The npm that called us, when one did: PATH may hold another or none.
  const npm = process.env.npm_execpath;
  const code = npm?.endsWith('.js')
    ? await runToEnd(process.execPath, [npm, ...flags])
    : await runToEnd('npm', flags);
  if (code !== 0) {
    giveUp(
      `"npm ci" failed with exit code ${code}; see its lines above (no network, or a HOME or npm cache that cannot be written to: set npm_config_cache to a folder of yours), then run the command again.`,
    );
  }
  writeStamp(wanted);
  console.log(`Installed in ${seconds(started)} s.`);
}

/** Always asks the compiler: it knows best what changed, and a build with nothing to do takes 0.1 s. */
async function compile() {
  const started = Date.now();
  forgetRemovedBuilds();
  const code = await runTool('tsc', ['-b']);
  if (code !== 0) giveUp('the build failed; see the compiler errors above.');
  const { bundlePrograms } = await import('./bundle.mjs');
  await bundlePrograms();
  if (Date.now() - started > 1000) console.log(`Built in ${seconds(started)} s.`);
}

/** The compiler trusts its own notes (tsbuildinfo) and would not write a `dist` again that somebody removed. */
function forgetRemovedBuilds() {
  const { references } = JSON.parse(readFileSync(join(repoRoot, 'tsconfig.json'), 'utf8'));
  for (const { path } of references) {
    if (existsSync(join(repoRoot, path, 'dist'))) continue;
    rmSync(join(repoRoot, path, 'tsconfig.tsbuildinfo'), { force: true });
  }
}

/**
 * Two commands at once on a fresh clone: the second waits, then finds the work done. The holder touches its
 * lock while it works, so that one left by a killed command is recognised even when its pid lives on as another process.
 */
async function oneAtATime(work) {
  // Not in node_modules, which `npm ci` removes.
  const lock = join(repoRoot, '.octopipe', 'bootstrap.lock');
  mkdirSync(join(repoRoot, '.octopipe'), { recursive: true });
  for (let waiting = false; !tryLock(lock); await sleep(100)) {
    if (!waiting) console.log('Waiting for another octopipe command to finish installing and building …');
    waiting = true;
  }
  const heartbeat = setInterval(() => utimesSync(lock, new Date(), new Date()), 1000);
  const unlock = () => rmSync(lock, { force: true });
  process.once('exit', unlock); // also when giving up
  try {
    await work();
  } finally {
    clearInterval(heartbeat);
    unlock();
    process.off('exit', unlock);
  }
}

function tryLock(lock) {
  const mine = `${lock}.${process.pid}`;
  writeFileSync(mine, String(process.pid));
  try {
    linkSync(mine, lock); // appears with its content or not at all
    return true;
  } catch (error) {
    if (error.code !== 'EEXIST') throw error;
    if (isAbandoned(lock)) rmSync(lock, { force: true });
    return false;
  } finally {
    rmSync(mine, { force: true });
  }
}

function isAbandoned(lock) {
  try {
    return !isAlive(Number(readFileSync(lock, 'utf8'))) || Date.now() - statSync(lock).mtimeMs > 15_000;
  } catch (error) {
    if (error.code === 'ENOENT') return false; // just released
    throw error;
  }
}

function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === 'EPERM';
  }
}

function runToEnd(command, args) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd: repoRoot, stdio: ['ignore', 'inherit', 'inherit'] });
    // Signals reach the tool through the terminal or here; either way its exit code decides what is next.
    const passOn = (signal) => child.kill(signal);
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, passOn);
    child.once('error', reject);
    child.once('exit', (code) => {
      for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.off(signal, passOn);
      resolve(code ?? 1);
    });
  });
}

function seconds(since) {
  return ((Date.now() - since) / 1000).toFixed(1);
}
