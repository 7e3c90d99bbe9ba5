import { accessSync, constants, existsSync, mkdirSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { CliError } from '../exit-codes.js';

/** Everything a stack keeps between runs is in here (and in the one cache folder of shared/src/embedded). */
export interface StateFolder {
  root: string;
  lockFile: string;
  masterKeyFile: string;
  operatorKeyFile: string;
  demoFile: string;
  postgresDir: string;
  filesDir: string;
  logsDir: string;
  outDir: string;
}

export function openStateFolder(path: string): StateFolder {
  const root = resolve(path);
  const state: StateFolder = {
    root,
    lockFile: join(root, 'stack.lock'),
    masterKeyFile: join(root, 'master.key'),
    operatorKeyFile: join(root, 'operator.key'),
    demoFile: join(root, 'demo.json'),
    postgresDir: join(root, 'postgres'),
    filesDir: join(root, 'files'),
    logsDir: join(root, 'logs'),
    outDir: join(root, 'out'),
  };
  try {
    // Not 0700: as root, Postgres runs as another account and must be able to walk to its data. What is secret
    // in here has its own mode.
    mkdirSync(root, { recursive: true });
    mkdirSync(state.filesDir, { recursive: true, mode: 0o700 });
    mkdirSync(state.logsDir, { recursive: true, mode: 0o700 });
    accessSync(root, constants.W_OK | constants.X_OK);
  } catch (error) {
    throw new CliError(
      'usage',
      `The state folder ${root} cannot be written to; name another one with --state-dir.`,
      {
        cause: error,
      },
    );
  }
  return state;
}

/** Makes the folder for the documents, so that a typo shows before the first minute is spent. */
export function prepareOutFolder(path: string): string {
  const folder = resolve(path);
  if (existsSync(folder) && !statSync(folder).isDirectory()) {
    throw new CliError('usage', `--out ${path} is a file; name a folder for the documents.`);
  }
  try {
    mkdirSync(folder, { recursive: true });
    accessSync(folder, constants.W_OK | constants.X_OK);
  } catch (error) {
    throw new CliError(
      'usage',
      `The folder ${folder} for the documents cannot be written to; name another one with --out.`,
      {
        cause: error,
      },
    );
  }
  return folder;
}
