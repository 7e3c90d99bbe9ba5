import { afterAll, beforeAll, beforeEach } from 'vitest';
import { type RunningSimulator, type SimulatorOptions, startSimulator } from '../server.js';
import { type Calls, callsTo } from './call-simulator.js';

/** One simulator per test file, a fresh account per test. Premium, so that the burst limit is not in the way. */
export function useSimulator(options: SimulatorOptions = {}): {
  readonly api: Calls;
  readonly simulator: RunningSimulator;
} {
  let simulator: RunningSimulator | undefined;
  const running = () => {
    if (!simulator) throw new Error('the simulator has not been started');
    return simulator;
  };
  beforeAll(async () => {
    simulator = await startSimulator({ plan: 'ultimate', seats: 3, ...options });
  });
  beforeEach(async () => {
    await callsTo(running()).control('reset', {});
  });
  afterAll(async () => {
    await simulator?.close();
  });
  return {
    get api() {
      return callsTo(running());
    },
    get simulator() {
      return running();
    },
  };
}
