import { createHash, randomUUID } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';

export interface StoredBytes {
  readonly path: string;
  readonly size: number;
  readonly sha256: string;
}

/** Bytes of uploaded files. A folder it made itself is removed on close; a given one is left alone. */
export class FileStore {
  private constructor(
    readonly folder: string,
    private readonly temporary: boolean,
  ) {}

  static async open(folder?: string): Promise<FileStore> {
    if (!folder) return new FileStore(await mkdtemp(join(tmpdir(), 'pipedrive-simulator-')), true);
    await mkdir(folder, { recursive: true });
    return new FileStore(folder, false);
  }

  async keep(bytes: Readable): Promise<StoredBytes> {
    const path = join(this.folder, randomUUID());
    const hash = createHash('sha256');
    let size = 0;
    const measured = async function* (source: AsyncIterable<Buffer>) {
      for await (const chunk of source) {
        hash.update(chunk);
        size += chunk.length;
        yield chunk;
      }
    };
    await pipeline(bytes, measured, createWriteStream(path));
    return { path, size, sha256: hash.digest('hex') };
  }

  read(path: string): Readable {
    return createReadStream(path);
  }

  async drop(path: string): Promise<void> {
    await rm(path, { force: true });
  }

  async close(): Promise<void> {
    if (this.temporary) await rm(this.folder, { recursive: true, force: true });
  }
}
