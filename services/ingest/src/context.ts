import type { Logger } from '@octopipe/shared/core/logger';
import { type DatabaseHandle, openDatabase } from '@octopipe/shared/db/index';
import { type CommonContext, createCommonContext } from '@octopipe/shared/service/context';
import type { IngestConfig } from './config.js';
import { type AddressRules, systemResolver } from './webhooks/guard-address.js';

export interface IngestContext extends CommonContext {
  /** Connections for COPY only: a file may stream for minutes, and the routes must not wait for it. */
  copyPool: DatabaseHandle['pool'];
  maxUploadBytes: number;
  /** Where webhooks may lead. */
  webhookAddresses: AddressRules;
  /** How many jobs of this process send to receivers of a tenant now; without those that have none. */
  delivering: Map<string, number>;
}

/** Opens connections and builds clients from config; tests hand in `overrides`. */
export function createContext(
  config: IngestConfig,
  logger: Logger,
  overrides: Partial<IngestContext> = {},
): IngestContext {
  const common = createCommonContext('ingest', config, logger);
  const copies = openDatabase(config.db.url, {
    max: config.queue.concurrency,
    onError: (error) => logger.warn({ err: error }, 'a connection dropped'),
    applicationName: 'octopipe-ingest-copy',
  });
  return {
    ...common,
    copyPool: copies.pool,
    maxUploadBytes: config.upload.maxBytes,
    webhookAddresses: { testHosts: config.webhooks.testHosts, resolve: systemResolver },
    delivering: new Map(),
    async destroy() {
      await copies.destroy();
      await common.destroy();
    },
    ...overrides,
  };
}
