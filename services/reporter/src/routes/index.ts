import type { Route } from '@octopipe/shared/http/route';
import type { ReporterContext } from '../context.js';
import { getDocument } from './get-document.js';
import { getDocuments } from './get-documents.js';
import { getPurge, getPurgeReceipt, getPurges } from './get-purges.js';
import { getReport } from './get-report.js';
import { getReportTokens } from './get-report-tokens.js';
import { postEstimate } from './post-estimate.js';
import { postExportEstimate } from './post-export-estimate.js';

export const routes: ReadonlyArray<Route<ReporterContext>> = [
  getReport,
  getReportTokens,
  getDocuments,
  getDocument,
  postEstimate,
  postExportEstimate,
  getPurges,
  getPurge,
  getPurgeReceipt,
];
