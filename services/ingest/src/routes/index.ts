import type { Route } from '@octopipe/shared/http/route';
import type { IngestContext } from '../context.js';
import { deleteKey } from './delete-key.js';
import { deleteWebhook } from './delete-webhook.js';
import { getExport } from './get-export.js';
import { getFindings } from './get-findings.js';
import { getKeys } from './get-keys.js';
import { getMigration } from './get-migration.js';
import { getMigrations } from './get-migrations.js';
import { getWebhook } from './get-webhook.js';
import { getWebhookDeliveries } from './get-webhook-deliveries.js';
import { getWebhooks } from './get-webhooks.js';
import { patchMigration } from './patch-migration.js';
import { patchWebhook } from './patch-webhook.js';
import { postExport } from './post-export.js';
import { postKey } from './post-key.js';
import { postKeyRotate } from './post-key-rotate.js';
import { postMigration } from './post-migration.js';
import { postTenantPurge } from './post-tenant-purge.js';
import { postWebhook } from './post-webhook.js';
import { postWebhookResend } from './post-webhook-resend.js';
import { postWebhookSecret } from './post-webhook-secret.js';
import { postWebhookTest } from './post-webhook-test.js';

export const routes: ReadonlyArray<Route<IngestContext>> = [
  postMigration,
  getMigrations,
  getMigration,
  patchMigration,
  postExport,
  getExport,
  getFindings,
  postWebhook,
  getWebhooks,
  getWebhook,
  patchWebhook,
  deleteWebhook,
  postWebhookSecret,
  postWebhookTest,
  getWebhookDeliveries,
  postWebhookResend,
  postKey,
  getKeys,
  postKeyRotate,
  deleteKey,
  postTenantPurge,
];
