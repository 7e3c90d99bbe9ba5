import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { z } from 'zod';
import type { StateFolder } from '../stack/state-folder.js';

/** Which run belongs to a simulator that ends with its command. */
const DemoNote = z.object({ tenant: z.string(), runId: z.string() });
type DemoNote = z.infer<typeof DemoNote>;

export function noteDemo(state: StateFolder, note: DemoNote): void {
  writeFileSync(state.demoFile, JSON.stringify(note));
}

export function readDemo(state: StateFolder): DemoNote | undefined {
  try {
    return DemoNote.parse(JSON.parse(readFileSync(state.demoFile, 'utf8')));
  } catch {
    return undefined; // None was left, or a kill cut it short; a run not named cannot be cancelled.
  }
}

export function forgetDemo(state: StateFolder): void {
  rmSync(state.demoFile, { force: true });
}
