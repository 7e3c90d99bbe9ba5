/**
 * Who may write beside whom in this process. A batch on trial kills the process if it kills at all: no other batch is in
 * work then, or its deaths would be counted against that one too.
 */
const ordinary = new Set<Promise<unknown>>();
let trial: Promise<unknown> | undefined;

export async function besideOthers<T>(work: () => Promise<T>): Promise<T> {
  while (trial) await trial;
  const running = work();
  const settled = running.catch(() => {});
  ordinary.add(settled);
  try {
    return await running;
  } finally {
    ordinary.delete(settled);
  }
}

/** Whoever comes meanwhile waits; who is in work already is waited for. */
export async function alone<T>(work: () => Promise<T>): Promise<T> {
  while (trial) await trial;
  const running = Promise.all(ordinary).then(work);
  trial = running.catch(() => {});
  try {
    return await running;
  } finally {
    trial = undefined;
  }
}
