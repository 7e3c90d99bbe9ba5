import type { ObjectDefinition } from './define-object.js';

/**
 * The order in which objects are mapped: each after all it needs; among equals, the order of the registry.
 * Throws when `needs` runs in a circle or names an object that is not in the list.
 */
export function loadOrder(definitions: ReadonlyArray<ObjectDefinition>): string[] {
  const byName = new Map(definitions.map((definition) => [definition.name, definition]));
  const order: string[] = [];
  const open: string[] = [];
  const visit = (name: string): void => {
    if (order.includes(name)) return;
    if (open.includes(name)) throw new Error(`needs run in a circle: ${[...open, name].join(' → ')}`);
    const definition = byName.get(name);
    if (!definition) throw new Error(`${open.at(-1) ?? '?'} needs ${name}, which is not in the registry`);
    open.push(name);
    for (const needed of definition.needs) visit(needed);
    open.pop();
    order.push(name);
  };
  for (const definition of definitions) visit(definition.name);
  return order;
}
