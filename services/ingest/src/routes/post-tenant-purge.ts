import { Problem } from '@octopipe/shared/core/errors';
import { defineRoute } from '@octopipe/shared/http/route';
import { Purge, Rows, viewPurge } from '@octopipe/shared/purge/receipt';
import { z } from 'zod';
import type { IngestContext } from '../context.js';
import { previewPurge, startPurge } from '../purge/start-purge.js';

const Preview = z
  .object({
    rows: Rows,
    records_in_accounts: z.record(z.string(), z.int()).meta({
      description:
        'By company_key: what stands there, and stays. Afterwards nobody knows which records these are, and only an operator can connect such a company again; roll back first where that is not wanted.',
      examples: [{ 'pipedrive.com#7654321': 41_220 }],
    }),
    files: z.int(),
    bytes: z.int().meta({ description: 'As they lie on disk, encrypted.' }),
    runs_not_at_rest: z
      .array(z.uuid())
      .meta({ description: 'Let them end, or pause or cancel them: with one of them a purge is refused.' }),
  })
  .meta({ id: 'PurgePreview' });

export const postTenantPurge = defineRoute({
  method: 'post',
  path: '/v1/tenants/:slug/purge',
  access: { roles: ['operator'], scope: 'installation', ids: { slug: 'tenant' } },
  summary:
    'Removes everything of a tenant from this installation, for good; counts only, unless told otherwise. Nothing is changed in the Pipedrive account.',
  params: z.object({ slug: z.string().regex(/^[a-z0-9][a-z0-9-]{0,62}$/, 'a slug') }),
  body: z
    .object({
      preview: z.boolean().default(true).meta({ description: 'Count what would go, and change nothing.' }),
      confirm: z
        .string()
        .max(80)
        .optional()
        .meta({ description: 'The slug once more: there is no way back.' }),
    })
    .meta({ examples: [{}, { preview: false, confirm: 'harbour-home-services' }] }),
  answers: { 200: Preview, 202: Purge },
  problems: ['runs_not_at_rest'],
  async handle(ctx: IngestContext, { params, body, caller, log }) {
    if (body.preview) return { status: 200, body: await previewPurge(ctx, params.slug) };
    if (body.confirm !== params.slug)
      throw new Problem(
        422,
        'invalid_request',
        'A purge cannot be taken back: repeat the slug in `confirm`.',
        [{ pointer: '/confirm', message: 'the slug of the path' }],
      );
    const purge = await startPurge(ctx, params.slug, caller.keyId);
    log.info({ purgeId: purge.id, tenantId: purge.subjectId }, 'tenant is being purged');
    return { status: 202, body: viewPurge(purge) };
  },
});
