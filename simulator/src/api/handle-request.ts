import type { IncomingMessage, ServerResponse } from 'node:http';
import { setTimeout as wait } from 'node:timers/promises';
import { tokenCost } from '@octopipe/shared/pipedrive/costs';
import { factsOf } from '@octopipe/shared/pipedrive/facts/index';
import { type Account, newRequestId } from '../account/account.js';
import { carryOut } from '../faults/carry-out.js';
import type { ChosenFaults } from '../faults/rules.js';
import type { RateLimits } from '../limits/rate-limits.js';
import type { Simulation } from '../simulation.js';
import { readQuery } from '../validate/query.js';
import {
  type Answer,
  blockedPage,
  internalError,
  overLimit,
  Refusal,
  unauthorized,
  unfinishedRequest,
  unknownPath,
} from './answers.js';
import { handlers } from './handlers.js';
import { type ReceivedBody, receiveBody } from './receive.js';
import { type Match, matchRoute } from './routes.js';
import { sendAnswer } from './send.js';

/**
 * The order of the gates: path, token, block and rate limits, then faults, then the request itself.
 * What is refused before the faults costs nothing; everything after costs its price, also when it fails (switch
 * charge_failed).
 */
export async function handleRequest(
  sim: Simulation,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  // A reset while this request is under way must not mix two accounts.
  const { account, limits, counts } = sim;
  const requestId = newRequestId();
  const url = new URL(request.url ?? '/', 'http://simulator');
  const method = request.method ?? 'GET';
  const send = (answer: Answer, how?: { onlyHalf: boolean }) => {
    const headers = { date: new Date(sim.clock.nowMs()).toUTCString(), 'x-correlation-id': requestId };
    sendAnswer(response, answer, { ...headers, ...limits.headers(account) }, how);
  };

  const match = matchRoute(method, url.pathname);
  if (!match) {
    counts.countUnexpected(method, url.pathname);
    request.resume();
    return send(unknownPath);
  }
  const finish = (answer: Answer) => {
    counts.count(match.operation, answer.status);
    send(answer);
  };
  if (request.headers['x-api-token'] !== sim.token) {
    request.resume();
    return finish(unauthorized);
  }
  const verdict = limits.admit(account);
  if (verdict !== 'admitted') {
    request.resume();
    return finish(verdict === 'blocked' ? blockedPage : overLimit);
  }
  if (method === 'POST' || method === 'PUT') limits.noteWrite();
  const charge = chargeFor(match, account, limits);
  const chosen: ChosenFaults = sim.faults.choose(match.operation);

  const run = await prepare(sim, account, match, url, request, requestId);
  // After the body was received: a client that gives up during the delay has still asked for what then happens.
  if (chosen.delayMs > 0) await wait(chosen.delayMs);
  carryOut(chosen.fault, {
    sim,
    request,
    run: () => charge(run()),
    refuse: (answer) => {
      if (answer.status === 429) limits.noteRefusal();
      finish(charge(answer));
    },
    finish,
    lost: () => counts.count(match.operation, 'lost'),
    sendHalf: (answer) => send(answer, { onlyHalf: true }),
  });
}

/** The price is taken at once, so that requests in flight count; what is not charged is given back. */
function chargeFor(match: Match, account: Account, limits: RateLimits): (answer: Answer) => Answer {
  const cost = tokenCost(match.operation);
  limits.spend(cost);
  return (answer) => {
    const failed = answer.status >= 400;
    if (answer.status === 429 || (failed && account.switches.charge_failed === 'no')) limits.spend(-cost);
    return answer;
  };
}

/** Reads the request to its end; what is left is one synchronous step that either changes the account or refuses. */
async function prepare(
  sim: Simulation,
  account: Account,
  match: Match,
  url: URL,
  request: IncomingMessage,
  requestId: string,
): Promise<() => Answer> {
  const { operation, params } = match;
  const handler = handlers[operation];
  if (!handler) throw new Error(`no handler for ${operation}`);
  try {
    const received = await receiveBody(request, factsOf(operation), sim.files);
    const query = readQuery(operation, url.searchParams);
    const origin = `http://${request.headers.host ?? '127.0.0.1'}`;
    const call = { account, operation, params, query, received, requestId, origin };
    return () => {
      const answer = answerOf(() => handler(call));
      if (answer.status >= 400) dropUploads(sim, received);
      return answer;
    };
  } catch (error) {
    // Half a request is no request: nothing is stored, and nobody is left to read an answer.
    if (request.readableAborted) return () => unfinishedRequest;
    return () =>
      answerOf(() => {
        throw error;
      });
  }
}

/** Bytes that no record points at are of no use; whether they go at once matters to nobody. */
function dropUploads(sim: Simulation, received: ReceivedBody): void {
  if (received.kind !== 'multipart') return;
  for (const { path } of received.files) sim.files.drop(path).catch(console.error);
}

function answerOf(run: () => Answer): Answer {
  try {
    return run();
  } catch (error) {
    if (error instanceof Refusal) return error.answer;
    // A bug of the simulator: shown as the 500 the real service has, and loudly here.
    console.error(error);
    return internalError;
  }
}
