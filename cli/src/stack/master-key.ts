import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { readEnv } from '@octopipe/shared/core/env';
import { z } from 'zod';
import { CliError } from '../exit-codes.js';
import type { StateFolder } from './state-folder.js';

/**
 * The key that wraps every tenant's data key. OCTOPIPE_MASTER_KEY wins; else it is made once and kept in
 * `<state>/master.key`, readable by us alone. A lost key cannot be replaced, so one is never made beside existing data.
 */
export function readOrCreateMasterKey(state: StateFolder, env: NodeJS.ProcessEnv): string {
  const given = readEnv({ OCTOPIPE_MASTER_KEY: z.string().optional() }, env).OCTOPIPE_MASTER_KEY;
  if (given !== undefined) return given;
  if (existsSync(state.masterKeyFile)) return readFileSync(state.masterKeyFile, 'utf8').trim();
  if (existsSync(state.postgresDir)) {
    throw new CliError(
      'usage',
      `The data in ${state.root} was sealed with a master key that is not there; put ${state.masterKeyFile} back, set OCTOPIPE_MASTER_KEY, or name another folder with --state-dir to start anew.`,
    );
  }
  const key = randomBytes(32).toString('base64');
  writeFileSync(state.masterKeyFile, `${key}\n`, { mode: 0o600, flag: 'wx' });
  return key;
}
