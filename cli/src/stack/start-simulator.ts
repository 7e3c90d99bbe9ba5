import { randomBytes, randomInt } from 'node:crypto';
import { join } from 'node:path';
import { type Program, startProgram } from './program.js';
import { projectRoot } from './project-root.js';
import type { StateFolder } from './state-folder.js';

export interface Simulator {
  program: Program;
  url: string;
  token: string;
  company: string;
  plan: string;
  seats: number;
}

/**
 * A Pipedrive account of our own for the demo. It lives in the simulator's memory and ends with it, so each start
 * is another company: what our database remembers of the last one must not be taken for this one's.
 */
export async function startSimulator(state: StateFolder, env: NodeJS.ProcessEnv): Promise<Simulator> {
  const token = randomBytes(20).toString('hex');
  const company = `demo-${randomBytes(4).toString('hex')}`;
  const plan = 'growth';
  const seats = 5;
  const program = await startProgram({
    name: 'simulator',
    script: join(projectRoot, 'simulator', 'dist', 'bundle', 'main.js'),
    args: [
      ...['--port', '0', '--token', token, '--company', company],
      ...['--plan', plan, '--seats', String(seats), '--seed', String(randomInt(1, 2 ** 31))],
    ],
    env,
    ready: /simulator ready at (http:\/\/\S+)/,
    logFile: join(state.logsDir, 'simulator.log'),
    graceMs: 5_000,
  });
  return { program, url: program.url, token, company, plan, seats };
}
