import { count } from '../terminal/table.js';
import { type ProgressView, tokenSentence, waitSentence } from './progress.js';

const atMostEveryMs = 2_000;

/**
 * Progress for a log file: a line when a phase ends or the status changes, and between them one every two seconds
 * at most, only when a number moved.
 */
export function createPlainLines(): (view: ProgressView) => string[] {
  const ended = new Set<string>();
  let lastWait: string | undefined;
  let lastStatus: string | undefined;
  let lastLine = '';
  let lastAtMs = Number.NEGATIVE_INFINITY;
  return (view) => {
    const lines: string[] = [];
    for (const phase of view.phases) {
      if (phase.state !== 'done' || ended.has(phase.phase)) continue;
      ended.add(phase.phase);
      lines.push(`  ${phase.phase}: done${phase.planned > 0 ? `, ${outcome(phase)}` : ''}`);
    }
    const wait = waitSentence(view);
    // Only a new status is news: the minutes in the sentence change all the time.
    if (wait !== undefined && (view.status !== lastStatus || lastWait === undefined)) lines.push(`  ${wait}`);
    lastWait = wait;
    lastStatus = view.status;

    const line = currentLine(view);
    if (line !== undefined && line !== lastLine && view.nowMs - lastAtMs >= atMostEveryMs) {
      lines.push(line);
      lastLine = line;
      lastAtMs = view.nowMs;
    }
    return lines;
  };
}

function outcome(phase: ProgressView['phases'][number]): string {
  const parts = (
    ['created', 'updated', 'unchanged', 'deleted', 'restored', 'gone', 'kept', 'failed'] as const
  )
    .filter((kind) => phase[kind] > 0)
    .map((kind) => `${kind} ${count(phase[kind])}`);
  return `${count(phase.done)} of ${count(phase.planned)}${parts.length > 0 ? ` (${parts.join(', ')})` : ''}`;
}

function currentLine(view: ProgressView): string | undefined {
  if (view.status !== 'running') return undefined;
  const phase = view.phases.find(({ phase: name }) => name === view.current);
  if (phase === undefined || phase.state === 'done') return undefined;
  const counts =
    phase.planned === 0
      ? 'working'
      : `${count(phase.done)}/${count(phase.planned)}${phase.perSecond === undefined ? '' : `, ${phase.perSecond.toFixed(1)}/s`}${phase.failed > 0 ? `, failed ${count(phase.failed)}` : ''}`;
  return `  ${phase.phase}: ${counts} · ${tokenSentence(view)}`;
}
