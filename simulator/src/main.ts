import { parseArgs } from 'node:util';
import { z } from 'zod';
import { planNames } from './limits/plans.js';
import { simulatorDefaults, startSimulator } from './server.js';

const { values } = parseArgs({
  options: {
    host: { type: 'string' },
    port: { type: 'string' },
    token: { type: 'string' },
    plan: { type: 'string' },
    seats: { type: 'string' },
    company: { type: 'string' },
    seed: { type: 'string' },
    'state-dir': { type: 'string' },
    'requests-per-2s': { type: 'string' },
  },
});

const Arguments = z.object({
  host: z.string().default(simulatorDefaults.host),
  port: z.coerce.number().int().min(0).max(65_535).default(simulatorDefaults.port),
  token: z.string().min(1).default(simulatorDefaults.token),
  plan: z.enum(planNames).default(simulatorDefaults.plan),
  seats: z.coerce.number().int().min(1).default(simulatorDefaults.seats),
  company: z
    .string()
    .regex(/^[a-z0-9-]+$/, 'lower-case letters, digits and dashes')
    .default(simulatorDefaults.company),
  seed: z.coerce.number().int().default(simulatorDefaults.seed),
  'state-dir': z.string().optional(),
  'requests-per-2s': z.coerce.number().int().min(1).optional(),
});

const parsed = Arguments.safeParse(values);
if (!parsed.success) {
  console.error(z.prettifyError(parsed.error));
  process.exit(2);
}
const { 'state-dir': stateDir, 'requests-per-2s': requestsPer2s, ...options } = parsed.data;
const simulator = await startSimulator({
  ...options,
  ...(stateDir && { stateDir }),
  ...(requestsPer2s && { requestsPer2s }),
});
console.log(
  `simulator ready at ${simulator.url} (company ${options.company}, plan ${options.plan} x ${options.seats})`,
);

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => {
    simulator.close().then(
      () => process.exit(0),
      (error: unknown) => {
        console.error(error);
        process.exit(1);
      },
    );
  });
}
