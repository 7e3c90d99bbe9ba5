import type { Finding, FindingCode } from '@octopipe/shared/domain/findings';
import type { FoundRow, PackageFile } from './staged-export.js';

/**
 * Collects findings. Of one code in one column at most `rowLimit` rows are listed and the rest are one finding with
 * their number: a column in a foreign date format is one fact, not a million.
 */
export interface FindingsList {
  add(finding: Finding): void;
  addRow(
    code: FindingCode,
    row: FoundRow,
    more?: { column?: string; facts?: Record<string, string | number> },
  ): void;
  all(): Finding[];
}

const rowLimit = 1_000;

export function createFindingsList(staged: {
  files: ReadonlyArray<Pick<PackageFile, 'id' | 'path' | 'firstRow'>>;
}): FindingsList {
  const files = new Map(staged.files.map((file) => [file.id, file]));
  const listed: Finding[] = [];
  const counts = new Map<string, { finding: Finding; count: number }>();
  const add = (finding: Finding) => {
    const key = `${finding.code}|${finding.object}|${finding.column ?? ''}`;
    const seen = counts.get(key) ?? { finding, count: 0 };
    seen.count += 1;
    counts.set(key, seen);
    if (seen.count <= rowLimit) listed.push(finding);
  };
  return {
    add,
    addRow(code, row, more = {}) {
      const file = files.get(row.fileId);
      add({
        code,
        object: row.object,
        ...(row.sourceId === null ? {} : { sourceId: row.sourceId }),
        ...(file ? { file: file.path, rowNumber: row.rowNumber - file.firstRow + 1 } : {}),
        ...(more.column === undefined ? {} : { column: more.column }),
        ...(more.facts === undefined ? {} : { facts: more.facts }),
      });
    },
    all() {
      const rests = [...counts.values()]
        .filter(({ count }) => count > rowLimit)
        .map(({ finding, count }) => ({
          code: finding.code,
          object: finding.object,
          ...(finding.column === undefined ? {} : { column: finding.column }),
          facts: { rows: count, listed: rowLimit },
        }));
      return [...listed, ...rests];
    },
  };
}
