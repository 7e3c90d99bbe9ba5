/**
 * Everything the command says goes through here. Three faces: a terminal (live lines redrawn in place), a pipe or
 * file (plain lines only), and `--json` (one JSON object per line on stdout, sentences on stderr).
 */
export interface Terminal {
  /** Whether `live` redraws in place. */
  isLive: boolean;
  isJson: boolean;
  columns(): number;
  rows(): number;
  paint: Paint;
  /** A sentence or a table, for a person. */
  say(text?: string): void;
  /** Like `say`, for what went wrong. */
  warn(text: string): void;
  /** A fact for a program; only printed with --json. */
  event(name: string, facts: Record<string, unknown>): void;
  /** Replaces the lines that were drawn last; `[]` removes them. Does nothing unless `isLive`. */
  live(lines: readonly string[]): void;
  /** Leaves the live lines standing and goes on below them. */
  keep(): void;
}

export interface Paint {
  bold(text: string): string;
  dim(text: string): string;
  green(text: string): string;
  yellow(text: string): string;
  red(text: string): string;
}

export interface TerminalOptions {
  json: boolean;
  env: NodeJS.ProcessEnv;
  stdout?: Screen;
  stderr?: { write(text: string): unknown };
  now?: () => Date;
}

interface Screen {
  isTTY?: boolean;
  columns?: number;
  rows?: number;
  write(text: string): unknown;
}

export function openTerminal({
  json,
  env,
  stdout = process.stdout,
  stderr = process.stderr,
  now = () => new Date(),
}: TerminalOptions): Terminal {
  const isLive = !json && stdout.isTTY === true && env.TERM !== 'dumb';
  const hasColour = isLive && (env.NO_COLOR === undefined || env.NO_COLOR === '');
  let drawn: readonly string[] = [];
  const clear = () => {
    if (drawn.length > 0) stdout.write(`\x1b[${drawn.length}A\r\x1b[J`);
    drawn = [];
  };
  const speak = (text: string) => {
    clear();
    (json ? stderr : stdout).write(`${text}\n`);
  };
  return {
    isLive,
    isJson: json,
    columns: () => stdout.columns ?? 100,
    rows: () => stdout.rows ?? 24,
    paint: hasColour ? coloured : plain,
    say: (text = '') => speak(text),
    warn(text) {
      clear();
      stderr.write(`${text}\n`);
    },
    event(name, facts) {
      if (json) stdout.write(`${JSON.stringify({ event: name, at: now().toISOString(), ...facts })}\n`);
    },
    live(lines) {
      if (!isLive || lines.join('\n') === drawn.join('\n')) return;
      // One write, each line overwritten and then cleared to its end: nothing is ever blank in between.
      const up = drawn.length > 0 ? `\x1b[${drawn.length}A\r` : '';
      stdout.write(`${up}${lines.map((line) => `${line}\x1b[K\n`).join('')}\x1b[J`);
      drawn = lines;
    },
    keep() {
      drawn = [];
    },
  };
}

const plain: Paint = {
  bold: (text) => text,
  dim: (text) => text,
  green: (text) => text,
  yellow: (text) => text,
  red: (text) => text,
};

const coloured: Paint = {
  bold: (text) => `\x1b[1m${text}\x1b[22m`,
  dim: (text) => `\x1b[2m${text}\x1b[22m`,
  green: (text) => `\x1b[32m${text}\x1b[39m`,
  yellow: (text) => `\x1b[33m${text}\x1b[39m`,
  red: (text) => `\x1b[31m${text}\x1b[39m`,
};
