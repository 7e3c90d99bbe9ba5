import { createHash } from 'node:crypto';
import { closeSync, openSync, writeSync } from 'node:fs';
import path from 'node:path';

export interface WrittenFile {
  name: string;
  rows: number;
  bytes: number;
  sha256: string;
}

/** A text file written piece by piece, with its size and hash; UTF-8, LF. Holds one piece of 256 KiB at a time. */
export class TextFile {
  rows = 0;
  private bytes = 0;
  private piece: string[] = [];
  private pieceLength = 0;
  private readonly hash = createHash('sha256');
  private readonly fd: number;

  constructor(
    folder: string,
    private readonly name: string,
  ) {
    this.fd = openSync(path.join(folder, name), 'w');
  }

  write(text: string): void {
    this.piece.push(text);
    this.pieceLength += text.length;
    if (this.pieceLength > 262_144) this.flush();
  }

  close(): WrittenFile {
    this.flush();
    closeSync(this.fd);
    return { name: this.name, rows: this.rows, bytes: this.bytes, sha256: this.hash.digest('hex') };
  }

  private flush(): void {
    const piece = Buffer.from(this.piece.join(''));
    this.hash.update(piece);
    this.bytes += piece.length;
    for (let at = 0; at < piece.length; ) at += writeSync(this.fd, piece, at);
    this.piece = [];
    this.pieceLength = 0;
  }
}

/** RFC 4180: quoted only where a reader needs it. */
export function csvLine(cells: ReadonlyArray<string>): string {
  return `${cells.map((cell) => (/[",\r\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell)).join(',')}\n`;
}
