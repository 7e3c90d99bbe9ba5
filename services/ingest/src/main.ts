import { runUntilSignal } from '@octopipe/shared/service/service';
import { readConfig } from './config.js';
import { create } from './service.js';

await runUntilSignal('ingest', () => create(readConfig()));
