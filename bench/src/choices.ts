import { type SizeName, sizeNames } from '@octopipe/generator/distributions';
import { Command, InvalidArgumentError, Option } from 'commander';

export const parts = ['staging', 'transform', 'load', 'memory'] as const;
export type Part = (typeof parts)[number];

export interface Choices {
  size: SizeName;
  seed: number;
  only: ReadonlyArray<Part>;
  runs: number;
  /** The package that memory is compared on, beside the one of `size`. */
  larger: SizeName;
  /** A migration of the memory part that is not over after this is stopped where it is; the report says how far it was. */
  memoryMinutes: number;
}

export function choicesOf(argv: ReadonlyArray<string>): Choices {
  return new Command('bench')
    .description(
      'Measures what we do against the plainest way to do the same, side by side in one run. JSON on stdout.',
    )
    .addOption(new Option('--size <size>', 'of the generated package').choices([...sizeNames]).default('S'))
    .option('--seed <number>', 'of the generated package', whole, 1)
    .option('--only <parts>', parts.join(','), partsOf, [...parts])
    .option('--runs <number>', 'rounds, of which the median counts; an odd number', odd, 3)
    .addOption(
      new Option('--larger <size>', 'memory is read on this size, too').choices([...sizeNames]).default('M'),
    )
    .option(
      '--memory-minutes <number>',
      'at most so long for each migration that memory is read on',
      whole,
      8,
    )
    .parse([...argv], { from: 'user' })
    .opts<Choices>();
}

function partsOf(text: string): Part[] {
  return text.split(',').map((name) => {
    const part = parts.find((one) => one === name.trim());
    if (part === undefined) throw new InvalidArgumentError(`parts are ${parts.join(', ')}`);
    return part;
  });
}

function whole(text: string): number {
  if (!/^[1-9]\d{0,8}$/.test(text)) throw new InvalidArgumentError('a whole number from 1 is needed');
  return Number(text);
}

function odd(text: string): number {
  const number = whole(text);
  if (number % 2 === 0)
    throw new InvalidArgumentError('an odd number is needed: the median is one of the rounds');
  return number;
}
