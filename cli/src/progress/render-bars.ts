import { count } from '../terminal/table.js';
import type { Paint } from '../terminal/terminal.js';
import { type ProgressView, tokenSentence, waitSentence } from './progress.js';

/** The live view: a line per phase, the tokens, and what the run waits for. No line is wider than the screen. */
export function renderBars(
  view: ProgressView,
  screen: { columns: number; rows: number; paint: Paint },
): string[] {
  const { paint } = screen;
  const width = Math.max(20, screen.columns - 1);
  const barWidth = Math.max(8, Math.min(28, width - 62));
  const phases = view.phases.map((phase) => {
    const text = cut(phaseLine(phase, barWidth), width);
    if (phase.state === 'done') return phase.failed > 0 ? paint.yellow(text) : paint.green(text);
    return phase.state === 'pending' ? paint.dim(text) : text;
  });
  const below = [cut(`  ${tokenSentence(view)}`, width)];
  const wait = waitSentence(view);
  if (wait !== undefined) below.push(paint.yellow(cut(`  ${wait}`, width)));
  // On a low screen the last phases matter: what scrolls out of sight could not be redrawn.
  const room = Math.max(1, screen.rows - below.length - 1);
  return [...phases.slice(firstShown(view, room), firstShown(view, room) + room), ...below];
}

function firstShown(view: ProgressView, room: number): number {
  const current = view.phases.findIndex((phase) => phase.phase === view.current);
  return Math.max(0, Math.min(view.phases.length - room, current));
}

function phaseLine(phase: ProgressView['phases'][number], barWidth: number): string {
  const name = `  ${phase.phase.padEnd(14)}`;
  if (phase.planned === 0) return `${name}${stateWord(phase.state)}`;
  const share = Math.min(1, phase.done / phase.planned);
  const filled = Math.floor(share * barWidth);
  const bar = '█'.repeat(filled) + '░'.repeat(barWidth - filled);
  const counts = `${count(phase.done)}/${count(phase.planned)}`;
  const rate = phase.perSecond === undefined ? '' : `  ${phase.perSecond.toFixed(1)}/s`;
  const failed = phase.failed > 0 ? `  failed ${count(phase.failed)}` : '';
  return `${name}${bar}  ${counts}${rate}${failed}`;
}

function stateWord(state: string): string {
  if (state === 'done') return 'done';
  return state === 'running' ? 'working …' : '·';
}

function cut(text: string, width: number): string {
  return text.length <= width ? text : `${text.slice(0, width - 1)}…`;
}
