import { Readable } from 'node:stream';
import { canonicalJson } from '@octopipe/shared/core/canonical-json';
import type { PlannedRecord } from './read-sources.js';

/** One mapped record a line, keys in code-point order: the same set gives the same bytes on every machine. */
export function mappedNdjson(records: AsyncIterable<PlannedRecord>): Readable {
  return Readable.from(lines(records));
}

async function* lines(records: AsyncIterable<PlannedRecord>): AsyncGenerator<string> {
  for await (const { targetKey, entity, payload, payloadHash } of records) {
    yield `${canonicalJson({ target_key: targetKey, entity, payload, payload_hash: payloadHash })}\n`;
  }
}
