import { createContext, Script } from 'node:vm';

const sandbox: { turn?: () => void } = {};
createContext(sandbox);
const script = new Script('turn()');

/**
 * Does something synchronous. If it may take long, it is stopped when its time is over: a timer can't do that, since neither
 * the search for a pattern nor an expression lets one run. What is stopped ends anywhere, without its `catch` and `finally`.
 * https://nodejs.org/api/vm.html#scriptrunincontextcontextifiedobject-options
 *
 * @param mayTakeLong costs a thread: 0.1 to 0.3 ms
 * @returns whether it came to its end
 */
export function endsWithin(limitMs: number, mayTakeLong: boolean, turn: () => void): boolean {
  const timeout = Math.floor(limitMs);
  if (timeout < 1) return false;
  if (!mayTakeLong) {
    turn();
    return true;
  }
  sandbox.turn = turn;
  try {
    script.runInContext(sandbox, { timeout, displayErrors: false });
    return true;
  } catch (error) {
    if ((error as { readonly code?: unknown }).code === 'ERR_SCRIPT_EXECUTION_TIMEOUT') return false;
    throw error;
  } finally {
    delete sandbox.turn;
  }
}
