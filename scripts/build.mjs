// npm run build: makes the clone ready (packages, compiler, bundles) and starts nothing.
import { ensureReady } from './bootstrap.mjs';

await ensureReady();
