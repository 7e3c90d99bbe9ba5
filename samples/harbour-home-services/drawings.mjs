// Files that are small, real, and the same bytes on every machine.
import { deflateSync } from 'node:zlib';
import PDFDocument from 'pdfkit';
import * as company from './company.mjs';

export function seededRandom(seed) {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}

// Stored (level 0) deflate on purpose: compressed output differs between zlib versions, hence between Node releases.
function png(width, height, palette, pixelAt) {
  const rowBytes = Math.ceil(width / 2);
  const raw = Buffer.alloc((rowBytes + 1) * height);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++)
      raw[y * (rowBytes + 1) + 1 + (x >> 1)] |= pixelAt(x, y) << (x % 2 ? 0 : 4);
  }
  const chunk = (type, body) => {
    const typed = Buffer.concat([Buffer.from(type, 'latin1'), body]);
    const framed = Buffer.alloc(typed.length + 8);
    framed.writeUInt32BE(body.length, 0);
    typed.copy(framed, 4);
    framed.writeUInt32BE(crc(typed), typed.length + 4);
    return framed;
  };
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([4, 3, 0, 0, 0], 8);
  return Buffer.concat([
    Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'),
    chunk('IHDR', header),
    chunk('PLTE', Buffer.from(palette.flat())),
    chunk('IDAT', deflateSync(raw, { level: 0 })),
    chunk('IEND', Buffer.alloc(0)),
  ]);
}
function crc(bytes) {
  let value = 0xffffffff;
  for (const byte of bytes) {
    value ^= byte;
    for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ 0xedb88320 : value >>> 1;
  }
  return (value ^ 0xffffffff) >>> 0;
}

// "Before" is blotchy, "after" is even: enough to tell the two apart in a viewer.
export function photo(random, clean) {
  const base = 90 + Math.floor(random() * 100);
  const palette = Array.from({ length: 16 }, (_, i) =>
    [base + i * 4, base + 10 + i * 3, clean ? 150 + i * 6 : 70 + i * 3].map((v) => Math.min(255, v)),
  );
  return png(64, 48, palette, (x, y) => (clean ? Math.floor((x + y) / 8) : Math.floor(random() * 16)));
}
export function signature(random) {
  const [pace, height] = [4 + random() * 5, 6 + random() * 6];
  return png(
    120,
    30,
    [
      [255, 255, 255],
      [20, 30, 90],
    ],
    (x, y) =>
      x > 6 && x < 112 && Math.abs(y - 15 - height * Math.sin(x / pace) * Math.cos(x / 17)) < 1.6 ? 1 : 0,
  );
}

// Uncompressed for the same reason as the images; Courier because its lines come out short (no kerning pairs).
export function pdf(title, createdAt, lines) {
  return new Promise((resolve, reject) => {
    const info = {
      Title: title,
      Author: company.tenant.name,
      Creator: 'Sample',
      Producer: 'Sample',
      CreationDate: createdAt.toJSDate(),
    };
    const document = new PDFDocument({ size: 'A4', compress: false, info });
    const chunks = [];
    document.on('data', (bytes) => chunks.push(bytes));
    document.on('end', () => resolve(Buffer.concat(chunks)));
    document.on('error', reject);
    document.font('Courier').fontSize(10);
    for (const [index, line] of lines.entries())
      document.text(line, 50, 60 + index * 15, { lineBreak: false });
    document.end();
  });
}
