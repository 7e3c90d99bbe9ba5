import { Command, InvalidArgumentError, Option } from 'commander';
import { ratesOf } from './defects/table.js';
import { type SizeName, sizeNames } from './distributions.js';
import { generate } from './generate.js';

const whole = (text: string) => {
  if (!/^\d{1,9}$/.test(text)) throw new InvalidArgumentError('a whole number is needed');
  return Number(text);
};
const program = new Command('generate')
  .description(
    'Writes an OctopusPro export package of any size, with an answer key of what is wrong with it.',
  )
  .addOption(new Option('--size <size>', 'how large').choices([...sizeNames]).default('XS'))
  .option('--seed <number>', 'another seed, another company', whole, 1)
  .option('--defects <what>', 'none, typical, heavy, or <id>=<rate>,…', 'typical')
  .requiredOption('--out <folder>', 'where the package and its answer key go')
  .option('--no-files', 'no attachments')
  .option('--max-files <number>', 'at most so many attachments', whole, 10_000)
  .option('--zip', 'also as one .zip', false)
  .parse();

interface Arguments {
  size: SizeName;
  seed: number;
  defects: string;
  out: string;
  files: boolean;
  maxFiles: number;
  zip: boolean;
}

const began = performance.now();
try {
  const options = program.opts<Arguments>();
  ratesOf(options.defects);
  const made = await generate(options);
  const seconds = ((performance.now() - began) / 1000).toFixed(1);
  const megabytes = (bytes: number) => `${(bytes / 2 ** 20).toFixed(1)} MB`;
  const peak = megabytes(process.resourceUsage().maxRSS * 1024);
  console.log(
    `${made.rows} rows, ${megabytes(made.bytes)}, ${made.attachments} attachments in ${seconds} s; peak memory ${peak}`,
  );
  console.log(`answer key: ${made.planted} lines, defects ${made.defectIds.join(' ') || 'none'}`);
  if (made.zip) console.log(made.zip);
} catch (error) {
  console.error(`generate: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
}
