import { createLogger, type Logger } from '@octopipe/shared/core/logger';

/** JSON lines on stdout; see shared/core/logger for what may be in them. */
export function createTransformLogger(level: string): Logger {
  return createLogger('transform', level);
}
