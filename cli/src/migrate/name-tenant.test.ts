import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { inspectPackage } from './inspect-package.js';
import { nameTenant, referenceOf, slugOf } from './name-tenant.js';

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'octopipe-tenant-'));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

async function nameOf(label: string, manifest?: string) {
  mkdirSync(join(root, label));
  writeFileSync(join(root, label, 'customers.csv'), 'Customer ID\n1\n');
  if (manifest !== undefined) writeFileSync(join(root, label, 'manifest.json'), manifest);
  return nameTenant(await inspectPackage(join(root, label)));
}

test('the manifest names the tenant, with or without a byte order mark', async () => {
  const harbour = { name: 'Harbour Home Services', slug: 'harbour-home-services' };
  expect(await nameOf('a', '{"tenant":{"name":"Harbour Home Services"}}')).toEqual(harbour);
  expect(await nameOf('b', '\uFEFF{"tenant":{"name":"Harbour Home Services"}}')).toEqual(harbour);
});

test('without a usable manifest the folder does', async () => {
  expect(await nameOf('octopuspro-export-acme-cleaning-20261101')).toEqual({
    name: 'acme cleaning',
    slug: 'acme-cleaning',
  });
  expect(await nameOf('broken', '{"tenant":')).toEqual({ name: 'broken', slug: 'broken' });
});

test('slugs keep what is Latin and never end up empty', () => {
  expect(slugOf('  Zoë & Søns — Überdach GmbH ')).toBe('zoe-s-ns-uberdach-gmbh');
  expect(slugOf('清掃会社')).toMatch(/^tenant-[0-9a-f]{8}$/);
  expect(slugOf('x'.repeat(80))).toHaveLength(48);
});

test('the reference tells accounts and tenants apart, and is the same again', () => {
  const one = referenceOf('acme.pipedrive.com', 'acme');
  expect(referenceOf('acme.pipedrive.com', 'acme')).toBe(one);
  expect(referenceOf('other.pipedrive.com', 'acme')).not.toBe(one);
  expect(referenceOf('acme.pipedrive.com', 'acme-2')).not.toBe(one);
});
