import { randomBytes } from 'node:crypto';
import fs from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { promisify } from 'node:util';

const open = promisify(fs.open);
const close = promisify(fs.close);

/**
 * Decrypted content where it can be read at random, which ZIP needs: a file without a name. It is unlinked before
 * the first byte is written, so the system frees it however this process ends. `work` takes the descriptor over
 * and closes it.
 */
export async function withUnnamedFile<T>(content: Readable, work: (fd: number) => Promise<T>): Promise<T> {
  const name = path.join(tmpdir(), `octopipe-${randomBytes(12).toString('hex')}`);
  const fd = await open(name, 'wx+', 0o600);
  try {
    fs.unlinkSync(name);
    await pipeline(content, fs.createWriteStream('', { fd, autoClose: false, start: 0 }));
  } catch (error) {
    await close(fd);
    throw error;
  }
  return work(fd);
}
