import { createCipheriv, createDecipheriv, createHash, randomBytes } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { mkdir, open, readdir, rename, rm, rmdir, stat } from 'node:fs/promises';
import path from 'node:path';
import { pipeline as pipe, Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { TenantGone } from '../core/errors.js';

/** What a stored file is called and what was in it. `sha256` and `bytes` are of the plain content. */
export interface StoredFile {
  blob: string;
  sha256: string;
  bytes: number;
}

/**
 * Files at rest: the originals of exports and the documents we print, encrypted with the tenant's data key
 * (AES-256-GCM, streaming), in `<root>/<tenant id>/`. The name on disk is random; given names never touch a path.
 */
export interface FileStore {
  put(tenantId: string, dataKey: Buffer, content: Readable): Promise<StoredFile>;
  open(tenantId: string, dataKey: Buffer, blob: string): Promise<Readable>;
  read(tenantId: string, dataKey: Buffer, blob: string): Promise<Buffer>;
  has(tenantId: string, blob: string): Promise<boolean>;
  remove(tenantId: string, blob: string): Promise<void>;
  /**
   * Takes all files of a tenant out of use: from here on nobody opens one, and whoever is still writing one fails, so
   * that what removeRetired takes away is all there will ever be. Only for a tenant that `assertLives` refuses already.
   */
  retire(tenantId: string): Promise<void>;
  /** What lies on disk for a tenant, in use and retired; bytes as they are stored. */
  usage(tenantId: string): Promise<{ files: number; bytes: number }>;
  removeRetired(tenantId: string): Promise<void>;
}

const nonceBytes = 12;
const tagBytes = 16;

/**
 * `assertLives` throws TenantGone for a tenant that is being purged. It is asked when a file is written and before it
 * gets its name. A purge moves the folder away after it has marked the tenant: a file named before that is in the folder
 * that was moved, one asked about after the mark is refused, and one between the two finds its folder gone.
 */
export function openFileStore(
  root: string,
  assertLives: (tenantId: string) => Promise<void> = async () => {},
): FileStore {
  const folderOf = (tenantId: string) => {
    if (!/^[0-9a-f-]{36}$/.test(tenantId)) throw new Error('not a stored file name');
    return path.join(root, tenantId);
  };
  const retiredOf = (tenantId: string) => `${folderOf(tenantId)}.purged`;
  const fileOf = (tenantId: string, blob: string) => {
    if (!/^[0-9a-f]{32}$/.test(blob)) throw new Error('not a stored file name');
    return path.join(folderOf(tenantId), blob);
  };
  return {
    async put(tenantId, dataKey, content) {
      const blob = randomBytes(16).toString('hex');
      const file = fileOf(tenantId, blob);
      await mkdir(path.dirname(file), { recursive: true, mode: 0o700 });
      const nonce = randomBytes(nonceBytes);
      const cipher = createCipheriv('aes-256-gcm', dataKey, nonce).setAAD(Buffer.from(blob));
      const hash = createHash('sha256');
      let bytes = 0;
      const measure = new Transform({
        transform(chunk: Buffer, _encoding, done) {
          hash.update(chunk);
          bytes += chunk.length;
          done(null, chunk);
        },
      });
      const frame = new Transform({
        construct(done) {
          this.push(nonce);
          done();
        },
        transform: (chunk: Buffer, _encoding, done) => done(null, chunk),
        flush(done) {
          done(null, cipher.getAuthTag());
        },
      });
      const temporary = `${file}.part`;
      try {
        await pipeline(content, measure, cipher, frame, createWriteStream(temporary, { mode: 0o600 }));
        await assertLives(tenantId);
        await rename(temporary, file);
      } catch (error) {
        await rm(temporary, { force: true });
        // We may have made the folder again; one that others use is not empty, and stays.
        if (error instanceof TenantGone) await rmdir(path.dirname(file)).catch(() => {});
        throw error;
      }
      return { blob, sha256: hash.digest('hex'), bytes };
    },
    async open(tenantId, dataKey, blob) {
      const file = fileOf(tenantId, blob);
      const { size } = await stat(file);
      const head = Buffer.alloc(nonceBytes);
      const tag = Buffer.alloc(tagBytes);
      const handle = await open(file, 'r');
      try {
        await handle.read(head, 0, nonceBytes, 0);
        await handle.read(tag, 0, tagBytes, size - tagBytes);
      } finally {
        await handle.close();
      }
      const decipher = createDecipheriv('aes-256-gcm', dataKey, head).setAAD(Buffer.from(blob));
      decipher.setAuthTag(tag);
      if (size === nonceBytes + tagBytes) {
        decipher.final();
        return Readable.from([]);
      }
      const source = createReadStream(file, { start: nonceBytes, end: size - tagBytes - 1 });
      // Either end closes the other; an error is told by the stream we hand out.
      pipe(source, decipher, () => {});
      return decipher;
    },
    async read(tenantId, dataKey, blob) {
      const chunks: Buffer[] = [];
      for await (const chunk of await this.open(tenantId, dataKey, blob)) chunks.push(chunk as Buffer);
      return Buffer.concat(chunks);
    },
    async has(tenantId, blob) {
      return (await stat(fileOf(tenantId, blob)).catch(ignoreMissing)) !== undefined;
    },
    async remove(tenantId, blob) {
      await rm(fileOf(tenantId, blob), { force: true });
    },
    async retire(tenantId) {
      try {
        await rename(folderOf(tenantId), retiredOf(tenantId));
      } catch (error) {
        const { code } = error as NodeJS.ErrnoException;
        if (code === 'ENOENT') return;
        if (code !== 'ENOTEMPTY' && code !== 'EEXIST') throw error;
        // Retired before: what is here now is a file that will be refused.
        await rm(folderOf(tenantId), { recursive: true, force: true });
      }
    },
    async usage(tenantId) {
      let files = 0;
      let bytes = 0;
      for (const folder of [folderOf(tenantId), retiredOf(tenantId)]) {
        for (const name of await namesIn(folder)) {
          const found = await stat(path.join(folder, name)).catch(ignoreMissing);
          if (!found) continue;
          files += 1;
          bytes += found.size;
        }
      }
      return { files, bytes };
    },
    async removeRetired(tenantId) {
      await rm(retiredOf(tenantId), { recursive: true, force: true });
    },
  };
}

async function namesIn(folder: string): Promise<string[]> {
  return (await readdir(folder).catch(ignoreMissing)) ?? [];
}

function ignoreMissing(error: unknown): undefined {
  if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
}
