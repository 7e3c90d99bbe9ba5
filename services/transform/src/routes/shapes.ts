import { MappingContent } from '@octopipe/shared/domain/mapping/content';
import { z } from 'zod';

export const MappingPath = z.object({ id: z.uuid() });

export const Mapping = z
  .object({
    id: z.uuid(),
    migration_id: z.uuid(),
    export_id: z.uuid(),
    number: z.number().meta({ description: 'Counts per migration, without gaps.' }),
    state: z.string().meta({ description: 'proposed, confirmed or superseded', examples: ['confirmed'] }),
    content_hash: z.string().meta({ description: 'What a confirmation is bound to; also the ETag.' }),
    content: MappingContent,
    confirmed_by: z.string().nullable(),
    confirmed_at: z.iso.datetime().nullable(),
    waived: z
      .boolean()
      .meta({ description: 'Confirmed without anybody having looked; shown in every document.' }),
  })
  .meta({ id: 'Mapping' });
