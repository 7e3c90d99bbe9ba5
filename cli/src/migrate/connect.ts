import type { Connection } from '../api/answers.js';
import { type Api, ApiProblem } from '../api/client.js';
import { CliError, endingOf } from '../exit-codes.js';

export interface Destination {
  url: string;
  token: string;
  plan: string | undefined;
  seats: number | undefined;
}

/** Binds the account; what it refuses becomes a sentence that says what to change. */
export async function connect(api: Api, destination: Destination): Promise<Connection> {
  try {
    return await api.connect({
      base_url: destination.url,
      api_token: destination.token,
      ...(destination.plan === undefined ? {} : { plan: destination.plan }),
      ...(destination.seats === undefined ? {} : { seats: destination.seats }),
    });
  } catch (error) {
    if (!(error instanceof ApiProblem)) throw error;
    throw new CliError(endingOf(error.code, 'unexpected'), sentenceOf(error, destination.url), {
      cause: error,
    });
  }
}

function sentenceOf(problem: ApiProblem, url: string): string {
  switch (problem.code) {
    case 'token_refused':
      return `The account at ${url} refused the token; copy it again from Pipedrive (Settings → Personal preferences → API) and pass it with --token.`;
    case 'account_unreachable':
      return `The account at ${url} cannot be reached; check --to and the network, then run the same command again.`;
    case 'not_a_pipedrive_host':
      return `${url} does not look like a Pipedrive account; name it like --to https://your-company.pipedrive.com.`;
    default:
      return `The account at ${url} could not be connected: ${problem.message}`;
  }
}
