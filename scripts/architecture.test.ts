import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

/**
 * The one-way rule of docs/architecture.md, held by reading every import of every source file. Tests and testing/
 * folders may reach further than what they test: the layers bind what runs in production.
 */
const root = fileURLToPath(new URL('..', import.meta.url));

/** Lower layers first: a folder of shared/src imports from layers below its own, and from itself. */
const layers: ReadonlyArray<ReadonlyArray<string>> = [
  ['core'],
  ['domain'],
  ['db', 'queue', 'octopuspro', 'pipedrive', 'http', 'files'],
  [
    ...['tenancy', 'staging', 'mapped', 'run', 'findings', 'events', 'crosswalk', 'ledger'],
    ...['purge', 'service', 'embedded', 'testing'],
  ],
  ['programs'],
];

/** What breaks the rule today, and why it may. A row that is no longer needed fails, too. */
const exceptions: Record<string, string> = {
  'shared/src/http/route.ts -> shared/src/tenancy/api-key.ts':
    'types only: a route names the roles that may call it, and its handler gets the caller',
  'shared/src/http/route.ts -> shared/src/tenancy/tenant.ts':
    'types only: the handler of a route gets the tenant it acts for',
  'shared/src/octopuspro/connector.ts -> shared/src/staging/read-staged.ts':
    'types only: StagedColumn, what a header becomes; it would better live in octopuspro/headers.ts, which makes it',
  'shared/src/octopuspro/headers.ts -> shared/src/staging/read-staged.ts':
    'types only: StagedColumn, see the row above',
  'shared/src/mapped/list-workers.ts -> shared/src/staging/read-staged.ts':
    'same layer: workers are found in the staged rows of the export that is mapped',
  'shared/src/service/config.ts -> shared/src/tenancy/secrets.ts':
    'same layer: service wires tenancy together with everything else',
  'shared/src/service/context.ts -> shared/src/tenancy/api-key.ts':
    'same layer: service wires tenancy together with everything else',
  'shared/src/service/context.ts -> shared/src/tenancy/secrets.ts':
    'same layer: service wires tenancy together with everything else',
  'shared/src/http/route.ts -> shared/src/db/index.ts':
    'types only: what is remembered commits in the handler’s transaction',
  'shared/src/http/idempotency.ts -> shared/src/db/index.ts':
    'types only: what is remembered commits in the handler’s transaction',
  'shared/src/files/remove-unnamed.ts -> shared/src/db/index.ts':
    'same layer: whether a row names a file, only the database knows',
  'shared/src/http/rate-limit.ts -> shared/src/tenancy/api-key.ts': 'types only: whose minute it is',
  'shared/src/service/context.ts -> shared/src/tenancy/idempotency.ts':
    'same layer: service wires tenancy together with everything else',
  'shared/src/service/context.ts -> shared/src/tenancy/rate-limit.ts':
    'same layer: service wires tenancy together with everything else',
  'shared/src/service/context.ts -> shared/src/tenancy/tenant.ts':
    'same layer: service wires tenancy together with everything else',
  'shared/src/service/service.ts -> shared/src/tenancy/tenant.ts':
    'same layer: service wires tenancy together with everything else',
};

interface Import {
  from: string;
  to: string;
}

const serviceNames = readdirSync(path.join(root, 'services'));
const files = ['shared', 'services', 'simulator', 'generator', 'cli', 'e2e', 'bench', 'scripts'].flatMap(
  sourcesOf,
);
const imports = files.flatMap(importsOf);

test('the reader sees the house: if it found little, every rule below would hold', () => {
  expect(files.length).toBeGreaterThan(150);
  expect(imports.length).toBeGreaterThan(500);
  expect(imports).toContainEqual({ from: 'shared/src/core/env.ts', to: 'shared/src/core/errors.ts' });
  expect(imports).toContainEqual({
    from: 'services/ingest/src/service.ts',
    to: 'shared/src/service/service.ts',
  });
  expect(imports.filter(({ to }) => to.startsWith('unknown'))).toEqual([]);
});

test('every folder of shared has its layer', () => {
  const folders = readdirSync(path.join(root, 'shared/src'), { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && sourcesOf(`shared/src/${entry.name}`).length > 0)
    .map((entry) => entry.name);
  expect(folders.filter((folder) => layerOf(folder) === -1)).toEqual([]);
});

test('shared imports one way: core, domain, stores and formats, named queries, then services', () => {
  const broken = imports.filter(isProduction).filter(({ from, to }) => {
    const [low, high] = [folderInShared(from), folderInShared(to)];
    if (low === undefined) return false;
    if (high === undefined)
      return to.startsWith('services/') || to.startsWith('cli/') || to.startsWith('simulator/');
    return low !== high && layerOf(high) >= layerOf(low);
  });
  expect(new Set(broken.map(arrow))).toEqual(new Set(Object.keys(exceptions)));
});

test('an exception for types only is a type import: nothing of the upper layer runs below', () => {
  const ofTypes = Object.keys(exceptions).filter((row) => exceptions[row]?.startsWith('types only'));
  expect(ofTypes.length).toBeGreaterThan(0);
  for (const row of ofTypes) {
    const [from = '', to = ''] = row.split(' -> ');
    const lines = codeOf(from)
      .split('\n')
      .filter((line) => line.includes(`/${path.basename(to, '.ts')}.js'`));
    expect(lines.map((line) => line.startsWith('import type '))).toEqual([true]);
  }
});

test('services meet in tables and in the queue catalogue, never in code', () => {
  const crossing = imports.filter(({ from, to }) => {
    const [one, other] = [serviceOf(from), serviceOf(to)];
    return one !== undefined && other !== undefined && one !== other;
  });
  expect(crossing.filter(isProduction).map(arrow)).toEqual([]);
  expect(crossing.map(arrow).filter((line) => !line.includes('/testing/'))).toEqual([]);
});

test.each([
  // [who, what it may import besides its own files]
  ['cli', ['shared/src/']],
  ['generator', ['shared/src/octopuspro/', 'shared/src/domain/']],
  ['simulator', ['shared/src/pipedrive/', 'shared/src/core/', 'shared/src/domain/']],
  ['e2e', []],
  ['shared', ['shared/src/']],
])('%s imports of ours only: %j', (who, allowed) => {
  const broken = imports
    .filter(isProduction)
    .filter(({ from }) => from.startsWith(`${who}/`))
    .filter(
      ({ to }) => isOurs(to) && !to.startsWith(`${who}/`) && !allowed.some((folder) => to.startsWith(folder)),
    );
  expect(broken.map(arrow)).toEqual([]);
});

test('production code imports no test code, and nothing of testing/', () => {
  const broken = imports
    .filter(isProduction)
    .filter(({ to }) => isOurs(to) && (/\.test\.ts$/.test(to) || to.includes('/testing/')));
  expect(broken.map(arrow)).toEqual([]);
});

test('domain is pure: no I/O, no clock, no chance', () => {
  const domain = files.filter((file) => file.startsWith('shared/src/domain/') && !isTest(file));
  expect(domain.length).toBeGreaterThan(20);
  const impure = domain.filter((file) =>
    /\bfrom 'node:(?!crypto')|\bDate\.now\(|\bnew Date\(\)|\bMath\.random\(|\bprocess\./.test(codeOf(file)),
  );
  expect(impure).toEqual([]);
  const foreign = imports.filter(
    ({ from, to }) => domain.includes(from) && /^(pg|kysely|bullmq|express|axios)$/.test(to),
  );
  expect(foreign.map(arrow)).toEqual([]);
});

test('no file is named for nothing', () => {
  expect(
    files.filter((file) => /(^|[-/.])(utils?|helpers?|managers?|common|misc)([-/.]|$)/i.test(file)),
  ).toEqual([]);
});

test('process.env is read by core/env.ts; the others that touch it are listed', () => {
  const may = [
    'shared/src/core/env.ts',
    'shared/src/core/failpoints.ts',
    'shared/src/embedded/',
    'scripts/',
    'cli/',
    'e2e/',
    'bench/',
  ];
  const readers = files
    .filter((file) => /\bprocess\.env\b/.test(codeOf(file)))
    .filter((file) => !isTest(file) && !may.some((place) => file.startsWith(place)));
  expect(readers).toEqual([]);
});

test('no SQL made of text outside migrations', () => {
  const raw = files
    .filter((file) => !file.startsWith('shared/src/db/migrations/') && !file.startsWith('scripts/'))
    .filter((file) => /\bsql\s*\.\s*raw\b/.test(codeOf(file)));
  expect(raw).toEqual([]);
});

function sourcesOf(folder: string): string[] {
  let entries: import('node:fs').Dirent[];
  try {
    entries = readdirSync(path.join(root, folder), { withFileTypes: true });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
  return entries.flatMap((entry) => {
    const name = `${folder}/${entry.name}`;
    if (entry.isDirectory())
      return ['node_modules', 'dist', 'coverage'].includes(entry.name) ? [] : sourcesOf(name);
    return /\.(ts|mts|mjs|js)$/.test(entry.name) && !entry.name.endsWith('.d.ts') ? [name] : [];
  });
}

/** Every `from '…'`, `import '…'` and `import('…')`, as the file it means or the package's name. */
function importsOf(file: string): Import[] {
  const found = codeOf(file).matchAll(
    /(?:^|[\s;}])(?:import|export)\b[^'";()]*?\bfrom\s*['"]([^'"]+)['"]|(?:^|\s)import\s*['"]([^'"]+)['"]|\bimport\(\s*['"]([^'"]+)['"]\s*\)/g,
  );
  return [...found].map((match) => ({
    from: file,
    to: resolved(file, match[1] ?? match[2] ?? match[3] ?? ''),
  }));
}

function resolved(file: string, specifier: string): string {
  const own = /^@octopipe\/(\w+)\/(.+)$/.exec(specifier);
  if (own) {
    const folder = serviceNames.includes(own[1] ?? '') ? `services/${own[1]}` : own[1];
    return existing(`${folder}/src/${own[2]}.ts`);
  }
  if (specifier.startsWith('@octopipe/')) return `unknown ${specifier}`;
  if (!specifier.startsWith('.')) return specifier;
  return existing(
    path.posix.join(path.posix.dirname(file), specifier).replace('/dist/', '/src/').replace(/\.js$/, '.ts'),
  );
}

function existing(file: string): string {
  return files.includes(file) || !/\.ts$/.test(file) ? file : `unknown ${file}`;
}

function codeOf(file: string): string {
  // Comments may speak of what code may not do.
  return readFileSync(path.join(root, file), 'utf8').replace(/\/\*[\s\S]*?\*\/|(?<![:'"`])\/\/.*$/gm, '');
}

function isTest(file: string): boolean {
  return /\.test\.ts$/.test(file) || file.includes('/testing/');
}

function isProduction({ from }: Import): boolean {
  return !isTest(from);
}

function isOurs(file: string): boolean {
  return /^(shared|services|simulator|generator|cli|e2e|bench|scripts)\//.test(file);
}

function folderInShared(file: string): string | undefined {
  return /^shared\/src\/([^/]+)\//.exec(file)?.[1];
}

function serviceOf(file: string): string | undefined {
  return /^services\/([^/]+)\//.exec(file)?.[1];
}

function layerOf(folder: string): number {
  return layers.findIndex((layer) => layer.includes(folder));
}

function arrow({ from, to }: Import): string {
  return `${from} -> ${to}`;
}
