import { join } from 'node:path';
import type { Run } from '../api/answers.js';
import { ApiProblem } from '../api/client.js';
import { CliError, endingOf } from '../exit-codes.js';
import type { Client } from '../migrate/migrate-package.js';
import { type SavedDocument, saveDocuments } from '../result/save-documents.js';

/** A command about a load that has ended. */
export interface AboutRunOrder {
  loadId: string;
  /** Where the documents go; undefined: `<defaultOut>/<run id>`. */
  out: string | undefined;
  defaultOut: string;
  unattended: boolean;
  logsDir: string;
}

/** What the API refuses is the user's to correct. */
export async function start(started: Promise<Run>): Promise<Run> {
  try {
    return await started;
  } catch (error) {
    if (!(error instanceof ApiProblem)) throw error;
    throw new CliError(endingOf(error.code, 'unexpected'), error.message, { cause: error });
  }
}

/** The documents of a run that has ended with them. */
export async function saveAll(run: Run, order: AboutRunOrder, { api }: Client): Promise<SavedDocument[]> {
  if (!run.documents_ready)
    throw new CliError(
      endingOf(run.reason_code, 'notBalanced'),
      `The run ended as ${run.status.replaceAll('_', ' ')}${run.reason ? `: ${run.reason}` : '.'} Run the same command again to go on.`,
    );
  return saveDocuments(api, run.id, order.out ?? join(order.defaultOut, run.id));
}
