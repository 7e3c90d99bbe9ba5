import { createLogger, type Logger } from '@octopipe/shared/core/logger';

/** JSON lines on stdout; see shared/core/logger for what may be in them. */
export function createLoaderLogger(level: string): Logger {
  return createLogger('loader', level);
}
