import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { publishedFacts } from './facts.generated.js';
import { corrections, factsOf } from './index.js';

const repoRoot = fileURLToPath(new URL('../../../../', import.meta.url));
const folder = process.env.PIPEDRIVE_OPENAPI_DIR ?? `${repoRoot}../shared/pipedrive-openapi`;
const absent = !existsSync(`${folder}/openapi-v2.yaml`);

describe('facts table', () => {
  test(`is what the published description says${absent ? ` (skipped: no description in ${folder}; set PIPEDRIVE_OPENAPI_DIR)` : ''}`, (context) => {
    context.skip(absent, `no published API description in ${folder}`);
    const check = spawnSync(process.execPath, ['scripts/derive-pipedrive-facts.mjs', '--check'], {
      cwd: repoRoot,
      encoding: 'utf8',
      env: { ...process.env, PIPEDRIVE_OPENAPI_DIR: folder },
    });
    expect(check).toMatchObject({ status: 0, stderr: '' });
  });

  test('every correction still corrects something that is published', () => {
    const stale = corrections.flatMap((row) =>
      row.operations
        .filter((operation) => {
          const published = publishedFacts[operation].body.some((p) => p.name === row.property);
          return row.kind === 'added' || row.kind === 'undecided' ? published : !published;
        })
        .map((operation) => `${operation}.${row.property} (${row.kind})`),
    );
    expect(stale).toEqual([]);
  });

  test('lays corrections over the published rows', () => {
    const names = (operation: Parameters<typeof factsOf>[0]) => factsOf(operation).body.map((p) => p.name);
    expect(names('createActivity')).not.toContain('person_id');
    expect(names('createActivity')).toContain('outcome');
    expect(names('createPerson')).not.toContain('birthday');
    expect(factsOf('createDeal').body.find((p) => p.name === 'probability')).toMatchObject({
      minimum: 0,
      maximum: 100,
    });
  });
});
