import { closeSync, openSync } from 'node:fs';

/**
 * Named places where a test kills the process, so that "what if it dies here?" is asked at every step.
 * Off unless OCTOPIPE_FAILPOINT is set to `<name>`, `<name>@<what>` or either with `:<n>`: die at the n-th pass (of this
 * process), counting only passes with that `what` (an entity, an object; a target key has a colon of its own and needs
 * the `:<n>`). Several of them, with commas between: die at whichever comes first. A real SIGKILL: no handler runs,
 * nothing is flushed.
 */
export const failpointNames = [
  'loader.before_intent',
  'loader.after_intent',
  'loader.before_send',
  'loader.after_answer',
  'loader.after_outcome',
  'loader.before_batch_done',
  'loader.provision_before_call',
  'loader.provision_after_call',
  'loader.match_before_save',
  'loader.settle_before_confirm',
  'loader.verify_before_save',
  'loader.advance_before_commit',
  'loader.look_before_save',
  'loader.undo_before_intent',
  'loader.undo_after_intent',
  'loader.undo_after_answer',
  'loader.undo_after_outcome',
  'loader.undo_before_batch_done',
  'loader.schema_before_call',
  'loader.schema_after_call',
  'transform.mid_object',
  'ingest.mid_file',
  'reporter.before_save',
  'http.before_keep',
  'purge.after_mark',
  'purge.after_slice',
  'purge.before_next_step',
  'purge.after_retire',
  'purge.before_end',
  'reseal.after_slice',
] as const;
export type FailpointName = (typeof failpointNames)[number];

const passes = new Map<string, number>();

/** Dies here when the environment names this failpoint; otherwise does nothing. `what` narrows it, e.g. an entity. */
export function failpoint(name: FailpointName, what = ''): void {
  for (const wanted of process.env.OCTOPIPE_FAILPOINT?.split(',') ?? []) {
    const [, wantedName, wantedWhat, nth = '1'] = /^([^@:]+)(?:@(.+?))?(?::(\d+))?$/.exec(wanted) ?? [];
    if (wantedName !== name || (wantedWhat !== undefined && wantedWhat !== what)) continue;
    const pass = (passes.get(wanted) ?? 0) + 1;
    passes.set(wanted, pass);
    if (pass === Number(nth) && mayDie(wanted)) process.kill(process.pid, 'SIGKILL');
  }
}

/** With OCTOPIPE_FAILPOINT_MARK only the first process dies here: it leaves `<mark>.<failpoint>` for those after it. */
function mayDie(wanted: string): boolean {
  const mark = process.env.OCTOPIPE_FAILPOINT_MARK;
  if (mark === undefined) return true;
  try {
    closeSync(openSync(`${mark}.${wanted}`, 'wx'));
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}
