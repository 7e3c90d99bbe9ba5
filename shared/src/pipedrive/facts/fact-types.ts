import type { OperationName } from './operations.js';

export type FactType = 'string' | 'integer' | 'number' | 'boolean' | 'object' | 'array' | 'binary' | 'any';

/** One property of a body or of an object inside it. */
export interface PropertyFact {
  readonly name: string;
  readonly type: FactType;
  readonly required: boolean;
  readonly nullable?: true;
  readonly readOnly?: true;
  readonly format?: string;
  readonly enum?: readonly (string | number)[];
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly minItems?: number;
  readonly maxItems?: number;
  /** Present on arrays whose elements the description names. */
  readonly items?: ItemFact;
  /** Present on objects whose properties the description names. */
  readonly properties?: readonly PropertyFact[];
  /** The object takes properties beyond the named ones. */
  readonly open?: true;
}

export interface ItemFact {
  readonly type: FactType;
  readonly enum?: readonly (string | number)[];
  readonly properties?: readonly PropertyFact[];
}

export interface QueryFact {
  readonly name: string;
  readonly type: FactType;
  readonly required: boolean;
  readonly enum?: readonly (string | number)[];
  /** Several values joined by commas; the description says so only in prose. */
  readonly commaList?: true;
}

export interface OperationFacts {
  readonly operation: OperationName;
  readonly version: 'v1' | 'v2';
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** With its prefix: /api/v2/deals/{id}. */
  readonly path: string;
  readonly tokens: number;
  readonly successStatus: number;
  readonly pathParams: readonly { readonly name: string; readonly type: FactType }[];
  readonly query: readonly QueryFact[];
  readonly bodyKind: 'json' | 'multipart' | 'form' | 'none';
  /** The option calls of the fields API send an array of objects; `body` then describes one element. */
  readonly bodyRoot: 'object' | 'array' | 'none';
  readonly body: readonly PropertyFact[];
  /** Names of the properties of `data` (or of one element of it) in a successful answer; empty when it is not an object. */
  readonly answer: readonly string[];
}
