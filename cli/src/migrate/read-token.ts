import { readFileSync } from 'node:fs';
import { CliError } from '../exit-codes.js';

/** The destination's API token: `--token`, `--token -` for standard input, or PIPEDRIVE_API_TOKEN. */
export function readToken(
  given: string | undefined,
  env: NodeJS.ProcessEnv,
  readStdin: () => string = () => readFileSync(0, 'utf8'),
): string {
  const token = (given === '-' ? readStdin() : (given ?? env.PIPEDRIVE_API_TOKEN ?? '')).trim();
  if (token === '') {
    throw new CliError(
      'usage',
      given === '-'
        ? 'Standard input holds no token; pipe it in, as in: cat token.txt | npm start -- migrate … --token -'
        : 'A token is needed: pass --token <token>, --token - to read it from standard input, or set PIPEDRIVE_API_TOKEN (in Pipedrive: Settings → Personal preferences → API).',
    );
  }
  if (/\s/.test(token))
    throw new CliError('usage', 'The token holds blanks or line breaks; pass the token alone.');
  return token;
}
