import { type Entry, open, type ZipFile } from 'yauzl';

/** Whether the file has the table of contents every complete zip ends with. */
export async function isReadableZip(path: string): Promise<boolean> {
  try {
    (await openZip(path)).close();
    return true;
  } catch {
    return false; // Any reason is the same to the user: it is not a zip we can send.
  }
}

/** The text of one small file at the top of the zip (or of its only folder); undefined when there is none. */
export async function readZipText(path: string, name: string, maxBytes: number): Promise<string | undefined> {
  const zip = await openZip(path);
  try {
    const entry = await findEntry(zip, name);
    if (entry === undefined || entry.uncompressedSize > maxBytes) return undefined;
    return await readEntry(zip, entry);
  } finally {
    zip.close();
  }
}

function openZip(path: string): Promise<ZipFile> {
  return new Promise((resolve, reject) => {
    open(path, { lazyEntries: true, autoClose: false }, (error, zip) =>
      error ? reject(error) : resolve(zip),
    );
  });
}

function findEntry(zip: ZipFile, name: string): Promise<Entry | undefined> {
  return new Promise((resolve, reject) => {
    zip.on('error', reject);
    zip.on('end', () => resolve(undefined));
    zip.on('entry', (entry: Entry) => {
      const parts = entry.fileName.split('/');
      if (parts.at(-1)?.toLowerCase() === name && parts.length <= 2) resolve(entry);
      else zip.readEntry();
    });
    zip.readEntry();
  });
}

async function readEntry(zip: ZipFile, entry: Entry): Promise<string> {
  const stream = await new Promise<NodeJS.ReadableStream>((resolve, reject) => {
    zip.openReadStream(entry, (error, found) => (error ? reject(error) : resolve(found)));
  });
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(Buffer.from(chunk));
  return Buffer.concat(chunks).toString('utf8');
}
