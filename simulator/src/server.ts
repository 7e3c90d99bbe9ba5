import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import express from 'express';
import { FileStore } from './account/file-store.js';
import { Switches } from './account/switches.js';
import { handleRequest } from './api/handle-request.js';
import { controlRouter } from './control/router.js';
import type { PlanName } from './limits/plans.js';
import { Simulation } from './simulation.js';

export type { Switches } from './account/switches.js';
export type { FaultKind, FaultPlan, FaultRule } from './faults/rules.js';
export type { PlanName } from './limits/plans.js';

export interface SimulatorOptions {
  /** This machine only, unless told: its token is no secret. */
  readonly host?: string;
  /** 0 or absent: any free port. */
  readonly port?: number;
  /** What the client must send as x-api-token. */
  readonly token?: string;
  readonly plan?: PlanName;
  readonly seats?: number;
  readonly company?: string;
  readonly seed?: number;
  readonly switches?: Partial<Switches>;
  /** Replaces the plan's burst limit. */
  readonly requestsPer2s?: number;
  /** Where uploaded bytes go; by default a temporary folder that close() removes. */
  readonly stateDir?: string;
}

export interface RunningSimulator {
  /** http://127.0.0.1:PORT, without a path. */
  readonly url: string;
  readonly port: number;
  readonly token: string;
  close(): Promise<void>;
}

export const simulatorDefaults = {
  host: '127.0.0.1',
  port: 0,
  token: 'simulator-token',
  plan: 'growth',
  seats: 5,
  company: 'sample-company',
  seed: 1,
} as const satisfies SimulatorOptions;

export async function startSimulator(options: SimulatorOptions = {}): Promise<RunningSimulator> {
  const { host, port, token, plan, seats, company, seed } = { ...simulatorDefaults, ...options };
  const files = await FileStore.open(options.stateDir);
  const switches = Switches.parse(options.switches ?? {});
  const account = { seed, plan, seats, company, switches, requestsPer2s: options.requestsPer2s };
  const sim = new Simulation(token, files, account);

  const app = express();
  app.disable('x-powered-by');
  app.use('/__sim', controlRouter(sim));
  app.use((request, response) => handleRequest(sim, request, response));
  const server = createServer(app);
  server.listen(port, host);
  await once(server, 'listening');
  const bound = (server.address() as AddressInfo).port;

  return {
    url: `http://127.0.0.1:${bound}`,
    port: bound,
    token,
    async close() {
      const closed = once(server, 'close');
      server.close();
      // Connections kept silent by a fault would hold the server open for ever.
      server.closeAllConnections();
      await closed;
      await sim.close();
    },
  };
}
