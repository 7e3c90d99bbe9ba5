// npm run verify: format, lint and import cycles (Biome), then types (the build).
import { ensureReady, giveUp, repoRoot, runTool } from './bootstrap.mjs';

await ensureReady({ build: false });
process.chdir(repoRoot);
const formatAndLint = await runTool('biome', ['ci', '.']);
const types = await runTool('tsc', ['-b']);
if (formatAndLint !== 0)
  giveUp('format or lint differs; "npx biome check --write ." repairs what can be repaired.');
if (types !== 0) giveUp('the compiler found errors; see above.');
