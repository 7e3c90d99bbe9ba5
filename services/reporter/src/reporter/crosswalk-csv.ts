import { pipeline, Readable } from 'node:stream';
import type { CrosswalkRow } from '@octopipe/shared/run/read-run';
import { stringify } from 'csv-stringify';

/**
 * Every column is text, ids included, so every cell that a spreadsheet would take for a formula (`=`, `+`, `-`, `@`,
 * tab, carriage return, full-width forms) gets a leading apostrophe (D37); there is no negative number to spoil.
 */
export function crosswalkCsv(rows: AsyncIterable<CrosswalkRow>): Readable {
  const csv = stringify({
    header: true,
    escape_formulas: true,
    columns: [
      { key: 'sourceType', header: 'source_type' },
      { key: 'sourceId', header: 'source_id' },
      { key: 'slot', header: 'slot' },
      { key: 'role', header: 'role' },
      { key: 'targetKey', header: 'target_key' },
      { key: 'targetType', header: 'target_type' },
      { key: 'targetId', header: 'target_id' },
      { key: 'payloadHash', header: 'payload_hash' },
      { key: 'origin', header: 'origin' },
    ],
  });
  // An error of the source destroys `csv`, and so reaches whoever reads it.
  return pipeline(Readable.from(rows), csv, () => {});
}
