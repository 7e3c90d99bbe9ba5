import { MappingContent } from '@octopipe/shared/domain/mapping/content';
import { exportedAtOf } from '@octopipe/transform/mapping/exported-at';
import { confirmProposal, mapWhole } from './exports.js';
import { median, rounded, timed } from './medians.js';
import { mappedObjects, setBasedMapping } from './set-based-mapping.js';
import type { Workbench } from './workbench.js';

export interface TransformFigures {
  objects: ReadonlyArray<string>;
  rows: number;
  records: number;
  ours_ms: number;
  baseline_ms: number;
  /** Baseline by ours: 1 is as fast as SQL over whole tables. */
  ratio: number;
  rows_per_s: number;
  /** How much of the same the baseline did: records with the same key, and of those the ones with the same payload. */
  same_keys: number;
  same_payloads: number;
}

/**
 * (b) The service's own job over an assessed export of these objects (pages, references, mapping, hashes, proofs,
 * batches), against one SQL statement for each kind of record that writes the same rows into tables of the same shape.
 */
export async function measureTransform(
  bench: Workbench,
  exportId: string,
  rounds: number,
): Promise<TransformFigures> {
  const [found] = await bench.query<{ manifest: unknown; created_at: Date; rows: number }>(
    `select manifest, created_at, (select sum(row_count)::int from ingest.export_file where export_id = e.id) as rows
      from ingest.export e where id = $1`,
    [exportId],
  );
  const exportedAt = exportedAtOf({ manifest: found?.manifest, createdAt: found?.created_at ?? new Date() });
  const seen: Array<{ ours: number; theirs: number }> = [];
  let share = { records: 0, keys: 0, payloads: 0 };
  for (let round = 0; round < rounds; round += 1) {
    const versionId = await confirmProposal(bench, exportId);
    const baseline = await setBasedMapping(bench, exportId, await contentOf(bench, versionId), exportedAt);
    await baseline.prepare();
    let setId = '';
    const ours = () =>
      timed(async () => {
        setId = await mapWhole(bench, exportId, versionId);
      });
    const theirs = () =>
      timed(async () => {
        for (const statement of baseline.statements) await bench.query(statement);
      });
    if (round % 2 === 0) seen.push({ ours: await ours(), theirs: await theirs() });
    else {
      const first = await theirs();
      seen.push({ ours: await ours(), theirs: first });
    }
    share = await compare(bench, setId);
  }
  const ours = median(seen.map((round) => round.ours));
  return {
    objects: mappedObjects,
    rows: found?.rows ?? 0,
    records: share.records,
    ours_ms: rounded(ours),
    baseline_ms: rounded(median(seen.map((round) => round.theirs))),
    ratio: rounded(median(seen.map((round) => round.theirs / round.ours)), 2),
    rows_per_s: rounded(((found?.rows ?? 0) / ours) * 1_000),
    same_keys: rounded(share.keys / share.records, 3),
    same_payloads: rounded(share.payloads / share.records, 3),
  };
}

async function contentOf(bench: Workbench, versionId: string): Promise<MappingContent> {
  const [version] = await bench.query<{ content: unknown }>(
    'select content from transform.mapping_version where id = $1',
    [versionId],
  );
  return MappingContent.parse(version?.content);
}

async function compare(
  bench: Workbench,
  setId: string,
): Promise<{ records: number; keys: number; payloads: number }> {
  const [counted] = await bench.query<{ records: number; keys: number; payloads: number }>(
    `select count(*)::int as records, count(theirs.target_key)::int as keys,
      (count(*) filter (where ours.payload = theirs.payload))::int as payloads
    from transform.mapped_record ours left join plain.mapped_record theirs using (target_key) where ours.set_id = $1`,
    [setId],
  );
  return counted ?? { records: 0, keys: 0, payloads: 0 };
}
