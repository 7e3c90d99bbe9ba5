import { readEnv } from '@octopipe/shared/core/env';
import type { ServiceName } from '@octopipe/shared/queue/catalog';
import { z } from 'zod';
import { startGateway } from './stack/gateway.js';

/** The gateway as a program of its own, for docker-compose: one origin, plain HTTP. TLS ends before it. */
export const gatewayEnv = {
  HOST: z.string().default('127.0.0.1'),
  PORT: z.coerce.number().int().min(0).max(65_535).default(8080),
  INGEST_URL: z.url(),
  TRANSFORM_URL: z.url(),
  LOADER_URL: z.url(),
  REPORTER_URL: z.url(),
};

const env = readEnv(gatewayEnv);
const urls: Record<ServiceName, string> = {
  ingest: env.INGEST_URL,
  transform: env.TRANSFORM_URL,
  loader: env.LOADER_URL,
  reporter: env.REPORTER_URL,
};
const gateway = await startGateway({
  host: env.HOST,
  port: env.PORT,
  urlOf: (service) => urls[service].replace(/\/+$/, ''),
  // Of the 30 s that docker-compose grants.
  closeWithinMs: 25_000,
});
process.stdout.write(`octopipe gateway ready at http://${env.HOST}:${gateway.port}\n`);
for (const signal of ['SIGTERM', 'SIGINT'] as const)
  process.once(signal, () => void gateway.close().then(() => process.exit(0)));
