/** A list that grows with the data, as the last members of an object whose closing brace is still to come. */
export async function* jsonList<T>(
  name: string,
  items: AsyncIterable<T>,
  shape: (item: T) => Record<string, unknown>,
): AsyncGenerator<string> {
  yield `,\n  ${JSON.stringify(name)}: [`;
  let separator = '\n    ';
  for await (const item of items) {
    yield separator + JSON.stringify(shape(item));
    separator = ',\n    ';
  }
  yield separator === '\n    ' ? ']' : '\n  ]';
}

/** The head of an object, without its closing brace: lists follow inside it. */
export function openJson(head: Record<string, unknown>): string {
  return JSON.stringify(head, null, 2).slice(0, -2);
}
