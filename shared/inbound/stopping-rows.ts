import { Circuit, type Answer, type End } from '../azure/circuit';
import { messageOf } from '../errors/errors';
import type { Log } from '../telemetry/log';
import { InboundStopped } from './errors';
import type { InboundRows, RowAnswer } from './inbound-rows';

const FIRST_PAUSE_MS = 30_000;
const LONGEST_PAUSE_MS = 300_000;

/** Asks Dataverse nothing for a while once it takes nothing from the application user: that says nothing of any row. */
export function stoppingRows(rows: InboundRows, log: Log): InboundRows {
  const circuit = new Circuit({
    failures: 1,
    firstPauseMs: FIRST_PAUSE_MS,
    longestPauseMs: LONGEST_PAUSE_MS,
    refusal: (_nextAtMs, cause) => (cause instanceof InboundStopped ? cause : new InboundStopped(messageOf(cause))),
    onOpened: (_nextAtMs, cause) => log('inboundStopped', { reason: messageOf(cause) }),
    onClosed: (openMs) => log('inboundResumed', { milliseconds: openMs }),
  });
  return {
    send: async (requests) => {
      const request = async (): Promise<readonly RowAnswer[]> => {
        const answers = await rows.send(requests);
        const stopped = answers.find((answer) => answer.kind === 'failed' && answer.error instanceof InboundStopped);
        if (stopped?.kind === 'failed') throw stopped.error;
        return answers;
      };
      try {
        return await circuit.run(request, answerOf);
      } catch (error) {
        return requests.map(() => ({ kind: 'failed', error }));
      }
    },
  };
}

const answerOf = (end: End<readonly RowAnswer[]>): Answer =>
  end.kind === 'error' ? (end.error instanceof InboundStopped ? 'down' : 'unclear') : 'up';
