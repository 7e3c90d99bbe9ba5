import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { z } from 'zod';
import type { ExportPackage } from './inspect-package.js';
import { readZipText } from './read-zip.js';

export interface TenantName {
  slug: string;
  name: string;
}

const Manifest = z.object({ tenant: z.object({ name: z.string().min(1) }) });

/** Who the package belongs to: by its manifest, else by the name of the folder or file. */
export async function nameTenant(source: ExportPackage): Promise<TenantName> {
  const name = (nameInManifest(await readManifest(source)) ?? nameInLabel(source.label)).slice(0, 120);
  return { name, slug: slugOf(name) };
}

/** Names a migration: the same tenant into the same account is the same one, so a rerun finds it again. */
export function referenceOf(destination: string, slug: string): string {
  return `cli-${createHash('sha256').update(`${destination}|${slug}`).digest('hex').slice(0, 24)}`;
}

export function slugOf(name: string): string {
  const slug = name
    .normalize('NFKD')
    .replace(/\p{M}/gu, '')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .slice(0, 48)
    .replace(/^-+|-+$/g, '');
  // A name without a single Latin letter or digit still needs a slug of its own.
  return slug.length >= 2 ? slug : `tenant-${createHash('sha256').update(name).digest('hex').slice(0, 8)}`;
}

const manifestBytes = 5_000_000;

async function readManifest(source: ExportPackage): Promise<string | undefined> {
  if (source.kind === 'zip') return readZipText(source.path, 'manifest.json', manifestBytes);
  const entry = source.entries.find(
    ({ name }) => /^([^/]+\/)?manifest\.json$/i.test(name) && name.split('/').length <= 2,
  );
  return entry && entry.bytes <= manifestBytes ? readFileSync(entry.path, 'utf8') : undefined;
}

function nameInManifest(text: string | undefined): string | undefined {
  if (text === undefined) return undefined;
  try {
    return Manifest.parse(JSON.parse(text.replace(/^\uFEFF/, ''))).tenant.name.trim();
  } catch {
    return undefined; // A broken manifest is the assessment's to report; here it only means "no name in it".
  }
}

/** `octopuspro-export-acme-cleaning-20261101.zip` → `acme cleaning`. */
function nameInLabel(label: string): string {
  const bare = label
    .replace(/\.zip$/i, '')
    .replace(/^octopuspro[-_ ]?export[-_ ]?/i, '')
    .replace(/[-_ ]?\d{8}$/, '')
    .replace(/[-_]+/g, ' ')
    .trim();
  return bare === '' ? label : bare;
}
