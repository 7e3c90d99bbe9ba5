import { z } from 'zod';
import { PackageRefused } from './formats/refused.js';

const text = z.string().optional().catch(undefined);

/** The manifest as far as we use it (6.2). It is written by others: a part that is not as documented counts as absent. */
export const Manifest = z.object({
  format: text,
  version: z.number().optional().catch(undefined),
  tenant: z
    .object({
      name: text,
      account_id: text,
      country: text,
      currency: text,
      time_zone: text,
      date_format: text,
      time_format: text,
      fieldworker_label: z.array(z.string()).optional().catch(undefined),
      billing_model: text,
    })
    .optional()
    .catch(undefined),
  exported_at: text,
  range: z.object({ from: text, to: text }).optional().catch(undefined),
  include_deleted: z.boolean().optional().catch(undefined),
  files: z
    .array(
      z.object({
        name: z.string(),
        object: text,
        rows: z.number().int().optional().catch(undefined),
        bytes: z.number().int().optional().catch(undefined),
        sha256: text,
      }),
    )
    .catch([]),
});
export type Manifest = z.infer<typeof Manifest>;

/** Parses manifest.json. A broken one refuses the package: settings of the whole migration hang on it. */
export function parseManifest(json: string): Manifest {
  try {
    return Manifest.parse(JSON.parse(json.replace(/^\uFEFF/, '')));
  } catch (error) {
    throw new PackageRefused(
      'unreadable_manifest',
      'The file manifest.json could not be read as JSON. Correct it, or leave it out and give the settings with the migration.',
      { cause: error },
    );
  }
}
