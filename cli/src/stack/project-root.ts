import { fileURLToPath } from 'node:url';

/** The checkout this program belongs to, from source and from the build alike. */
export const projectRoot = fileURLToPath(new URL('../../../', import.meta.url));
