import { rmSync } from 'node:fs';
import { chmod, mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';

/** Gone with this process, also when it is told to stop; what it started ends with it, too (spawn-watched.ts). */
export async function temporaryFolder(): Promise<{ path: string; remove(): void }> {
  const folder = await mkdtemp(path.join(tmpdir(), 'octopipe-bench-'));
  // Postgres runs as another account when we are root, and has to pass through here.
  await chmod(folder, 0o755);
  const remove = () => rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  process.once('exit', remove);
  return {
    path: folder,
    remove() {
      process.off('exit', remove);
      remove();
    },
  };
}
