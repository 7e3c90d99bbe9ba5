import type { Route } from '@octopipe/shared/http/route';
import type { IngestContext } from '../context.js';
import { getExport } from './get-export.js';
import { getFindings } from './get-findings.js';
import { getMigration } from './get-migration.js';
import { getMigrations } from './get-migrations.js';
import { postExport } from './post-export.js';
import { postMigration } from './post-migration.js';

export const routes: ReadonlyArray<Route<IngestContext>> = [
  postMigration,
  getMigrations,
  getMigration,
  postExport,
  getExport,
  getFindings,
];
