import { factsOf, type OperationName, type QueryFact } from '@octopipe/shared/pipedrive/facts/index';
import { badRequest, invalid, notAllowed, v1Failed } from '../api/answers.js';
import { isRfc3339 } from './formats.js';

export type QueryValue = string | number | boolean | readonly string[];
export type Query = Readonly<Record<string, QueryValue | undefined>>;

const V2_MAX_LIMIT = 500;
const MOST_VALUES: Readonly<Record<string, number>> = { ids: 100, deal_ids: 100, custom_fields: 15 };
const idLists = new Set(['ids', 'deal_ids']);
const times = new Set(['updated_since', 'updated_until']);

export function readQuery(operation: OperationName, given: URLSearchParams): Query {
  const { version, query } = factsOf(operation);
  const known = new Map(query.map((fact) => [fact.name, fact]));
  const values: Record<string, QueryValue> = {};
  for (const [name, text] of given) {
    const fact = known.get(name);
    if (fact) values[name] = version === 'v2' ? readV2(fact, text) : readV1(fact, text);
    else if (version === 'v2') throw notAllowed(name);
  }
  for (const fact of query) {
    if (fact.required && values[fact.name] === undefined) throw invalid(fact.name, 'is required');
  }
  // Saved filters cannot be made through the operations we serve, so none can exist.
  if (values.filter_id !== undefined) throw badRequest('Filter not found');
  return values;
}

function readV2(fact: QueryFact, text: string): QueryValue {
  if (fact.commaList) return readList(fact, text);
  if (fact.type === 'integer' || fact.type === 'number') {
    if (!/^-?\d+$/.test(text)) throw invalid(fact.name, `Expected '${fact.type}'`);
    const value = Number(text);
    if (fact.name === 'limit' && (value < 1 || value > V2_MAX_LIMIT)) {
      throw invalid('limit', `Must be between 1 and ${V2_MAX_LIMIT}`);
    }
    return value;
  }
  if (fact.type === 'boolean') {
    if (text !== 'true' && text !== 'false') throw invalid(fact.name, "Expected 'boolean'");
    return text === 'true';
  }
  if (fact.enum && !fact.enum.includes(text))
    throw invalid(fact.name, `Must be one of ${fact.enum.join(', ')}`);
  if (times.has(fact.name) && !isRfc3339(text))
    throw invalid(fact.name, 'Expected RFC 3339 with whole seconds');
  return text;
}

function readList(fact: QueryFact, text: string): readonly string[] {
  const values = text.split(',').filter((value) => value !== '');
  const most = MOST_VALUES[fact.name];
  if (most && values.length > most) throw invalid(fact.name, `At most ${most} values are allowed`);
  for (const value of values) {
    if (fact.enum && !fact.enum.includes(value))
      throw invalid(fact.name, `Must be one of ${fact.enum.join(', ')}`);
    if (idLists.has(fact.name) && !/^\d+$/.test(value)) throw invalid(fact.name, 'Expected a list of ids');
  }
  return values;
}

function readV1(fact: QueryFact, text: string): QueryValue {
  if (fact.type !== 'integer' && fact.type !== 'number') return text;
  if (!/^-?\d+$/.test(text)) throw v1Failed(400, `${fact.name} must be a number.`);
  return Number(text);
}
