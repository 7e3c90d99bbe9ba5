// Packs each program and all it imports into one file. The thousand small files it is made of take three times as long to
// load as to run, and a service that was killed is back at work the sooner.
import { existsSync, renameSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const repoRoot = fileURLToPath(new URL('..', import.meta.url));

/** Folder by folder, what is started as a process of its own: `dist/<name>.js` becomes `dist/bundle/<name>.js`. */
export const programs = {
  'services/ingest': ['main'],
  'services/transform': ['main'],
  'services/loader': ['main', 'programs/cancel-live-runs'],
  'services/reporter': ['main'],
  shared: ['programs/migrate', 'programs/create-key', 'programs/reseal'],
  simulator: ['main'],
  generator: ['main'],
  cli: ['main', 'gateway-main'],
};

/** Packs what the compiler has written anew since the last time; nothing to do is the usual case. */
export async function bundlePrograms() {
  const stale = Object.keys(programs).filter((folder) => !isCurrent(folder));
  if (stale.length === 0) return;
  const { rolldown } = await import('rolldown');
  for (const folder of stale) await bundle(rolldown, folder, programs[folder]);
}

function isCurrent(folder) {
  const bundled = join(repoRoot, folder, 'dist', 'bundle');
  if (!existsSync(bundled)) return false;
  const at = statSync(bundled).mtimeMs;
  // The compiler's notes change with what it writes, the record of packages with every install.
  const notes = Object.keys(programs).map((one) => join(one, 'tsconfig.tsbuildinfo'));
  return [...notes, 'node_modules/.package-lock.json', 'scripts/bundle.mjs']
    .map((path) => join(repoRoot, path))
    .every((path) => !existsSync(path) || statSync(path).mtimeMs < at);
}

async function bundle(rolldown, folder, names) {
  const dist = join(repoRoot, folder, 'dist');
  // Made aside: a program that starts meanwhile finds the old bundle or the new one.
  const fresh = join(dist, `bundle.${process.pid}`);
  const packed = await rolldown({
    input: Object.fromEntries(names.map((name) => [name.split('/').at(-1), join(dist, `${name}.js`)])),
    platform: 'node',
    // Optional parts of packages that are not there (pg-native) are asked for at run time, as without a bundle.
    logLevel: 'silent',
  });
  // Names are kept: what an error is called decides how it is answered and logged.
  await packed.write({ dir: fresh, format: 'esm', keepNames: true });
  await packed.close();
  rmSync(join(dist, 'bundle'), { recursive: true, force: true });
  renameSync(fresh, join(dist, 'bundle'));
}
