// Derives shared/src/pipedrive/facts/facts.generated.ts from Pipedrive's published API description.
//   node scripts/derive-pipedrive-facts.mjs            writes the file
//   node scripts/derive-pipedrive-facts.mjs --check    exits 1 when the committed file differs
// PIPEDRIVE_OPENAPI_DIR names the folder with openapi-v1.yaml and openapi-v2.yaml (default ../shared/pipedrive-openapi).
// Only facts are taken over (names, types, limits, prices), never the description's prose.
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';

const bodyKinds = {
  'application/json': 'json',
  'multipart/form-data': 'multipart',
  'application/x-www-form-urlencoded': 'form',
};

const repoRoot = fileURLToPath(new URL('..', import.meta.url));
const factsFolder = `${repoRoot}shared/src/pipedrive/facts/`;
const folder = process.env.PIPEDRIVE_OPENAPI_DIR ?? `${repoRoot}../shared/pipedrive-openapi`;
const descriptions = { v1: readDescription('v1'), v2: readDescription('v2') };

const derived = render(deriveFacts(readOperations()));
const target = `${factsFolder}facts.generated.ts`;
if (process.argv.includes('--check')) {
  if (readFileSync(target, 'utf8') !== derived) {
    console.error(`${target} differs from what ${folder} says; run: node scripts/derive-pipedrive-facts.mjs`);
    process.exitCode = 1;
  }
} else {
  writeFileSync(target, derived);
}

function readDescription(version) {
  return parse(readFileSync(`${folder}/openapi-${version}.yaml`, 'utf8'));
}

// The table is TypeScript and this script must run without a build, so it evaluates the plain literal between the markers.
function readOperations() {
  const source = readFileSync(`${factsFolder}operations.ts`, 'utf8');
  const literal = /\/\/ <operations>\n([\s\S]*?)\/\/ <\/operations>/.exec(source)?.[1];
  if (!literal) throw new Error('operations.ts has no <operations> block');
  return new Function(`return {${literal}}`)();
}

function deriveFacts(operations) {
  return Object.entries(operations).map(([operation, [version, method, path]]) => {
    const item = descriptions[version].paths[path];
    const described = item?.[method.toLowerCase()];
    if (!described)
      throw new Error(`${operation}: ${version} ${method} ${path} is not in the published description`);
    const read = reader(descriptions[version]);
    const parameters = [...(item.parameters ?? []), ...(described.parameters ?? [])].map(read.resolve);
    const successStatus = Number(Object.keys(described.responses).find((status) => status.startsWith('2')));
    return {
      operation,
      version,
      method,
      path: `/api/${version}${path}`,
      tokens: described['x-token-cost'],
      successStatus,
      pathParams: parameters
        .filter((p) => p.in === 'path')
        .map((p) => ({ name: p.name, type: read.typeOf(read.flat(p.schema)) })),
      query: parameters.filter((p) => p.in === 'query').map((p) => queryFact(p, read)),
      ...bodyFacts(described.requestBody, read),
      answer: answerFacts(described.responses[successStatus], read),
    };
  });
}

function queryFact(parameter, read) {
  const schema = read.flat(parameter.schema);
  const values = enumOf(schema);
  // Combined values ("a,b") in an enumeration are the description's way of saying that the parameter is a comma list.
  const combined = values?.some((value) => String(value).includes(','));
  return drop({
    name: parameter.name,
    type: read.typeOf(schema),
    required: parameter.required === true,
    enum: combined ? [...new Set(values.flatMap((value) => String(value).split(',')))] : values,
    commaList:
      combined ||
      schema.type === 'array' ||
      /comma.separated/i.test(parameter.description ?? '') ||
      undefined,
  });
}

function bodyFacts(requestBody, read) {
  const [[contentType, content] = [], ...others] = Object.entries(requestBody?.content ?? {});
  if (!content) return { bodyKind: 'none', bodyRoot: 'none', body: [] };
  if (!bodyKinds[contentType] || others.length > 0)
    throw new Error(`a body of ${Object.keys(requestBody.content).join(', ')}: nobody says how to send it`);
  const schema = read.flat(content.schema);
  const isArray = read.typeOf(schema) === 'array';
  return {
    bodyKind: bodyKinds[contentType],
    bodyRoot: isArray ? 'array' : 'object',
    body: read.properties(isArray ? read.flat(schema.items) : schema),
  };
}

function answerFacts(response, read) {
  const schema = response?.content?.['application/json']?.schema;
  if (!schema) return [];
  const data = read.flat(read.flat(schema).properties?.data ?? {});
  const element = data.items ? read.flat(data.items) : data;
  return Object.keys(element.properties ?? {});
}

function reader(description) {
  const resolve = (node) => {
    if (!node?.$ref) return node;
    return resolve(
      node.$ref
        .slice(2)
        .split('/')
        .reduce((at, key) => at[key], description),
    );
  };
  // One schema out of allOf parts; of anyOf/oneOf the first part stands for all, except that a null part means nullable.
  const flat = (node) => {
    const schema = resolve(node) ?? {};
    const alternatives = schema.anyOf ?? schema.oneOf ?? [];
    const parts = [...(schema.allOf ?? []), ...alternatives.slice(0, 1)].map(flat);
    const all = [...parts, schema];
    return {
      ...Object.assign({}, ...all),
      properties: Object.assign({}, ...all.map((part) => part.properties ?? {})),
      required: all.flatMap((part) => (Array.isArray(part.required) ? part.required : [])),
    };
  };
  const typeOf = (schema) => {
    if (schema.format === 'binary') return 'binary';
    if (schema.type) return schema.type;
    return Object.keys(schema.properties ?? {}).length > 0 ? 'object' : 'any';
  };
  const properties = (schema) =>
    Object.entries(schema.properties ?? {}).map(([name, node]) => {
      const property = flat(node);
      const type = typeOf(property);
      const nested = type === 'object' ? properties(property) : [];
      return drop({
        name,
        type,
        required: schema.required.includes(name),
        nullable: property.nullable === true || undefined,
        readOnly: property.readOnly === true || undefined,
        format: property.format === 'binary' ? undefined : property.format,
        enum: enumOf(property),
        minLength: property.minLength,
        maxLength: property.maxLength,
        minimum: property.minimum,
        maximum: property.maximum,
        maxItems: property.maxItems,
        items: type === 'array' ? itemFact(flat(property.items ?? {})) : undefined,
        properties: nested.length > 0 ? nested : undefined,
        open: property.additionalProperties ? true : undefined,
      });
    });
  const itemFact = (items) => {
    const nested = properties(items);
    return drop({
      type: typeOf(items),
      enum: enumOf(items),
      properties: nested.length > 0 ? nested : undefined,
    });
  };
  return { resolve, flat, typeOf, properties };
}

function enumOf(schema) {
  return schema.enum?.filter((value) => value !== null);
}

function drop(fact) {
  return Object.fromEntries(Object.entries(fact).filter(([, value]) => value !== undefined));
}

function render(facts) {
  const rows = facts.map((row) => `  ${row.operation}: ${JSON.stringify(row)},`);
  return [
    '// Generated by scripts/derive-pipedrive-facts.mjs; do not edit. Corrections live in corrections.ts.',
    "import type { OperationFacts } from './fact-types.js';",
    "import type { OperationName } from './operations.js';",
    '',
    'export const publishedFacts: Readonly<Record<OperationName, OperationFacts>> = {',
    ...rows,
    '};',
    '',
  ].join('\n');
}
