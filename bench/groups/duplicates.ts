import { TABLE } from '../inputs/rows';
import { bareClient, inFlight, onBoth, servicesOn } from '../inputs/stores';
import { Updates } from '../inputs/updates';
import { sampleListener } from '../listener/sample-listener';
import { figuresOf } from '../measure/compare';
import type { Group } from '../measure/group';
import { inRounds, type Subject } from '../measure/rounds';

const IN_FLIGHT = 8;
/** A duplicate comes so many deliveries after its first. */
const DISTANCE = 3 * IN_FLIGHT;

/** A stream of so many deliveries, of which each n-th is a duplicate of an earlier one. */
function withDuplicates(fresh: () => Buffer, length: number, eachNth: number): Buffer[] {
  const stream: Buffer[] = [];
  for (let n = 0; n < length; n += 1) {
    const earlier = eachNth > 0 && n % eachNth === 0 ? stream[n - DISTANCE] : undefined;
    stream.push(earlier ?? fresh());
  }
  return stream;
}

export const group: Group = {
  about: `deliveries from bytes to the store, ${IN_FLIGHT} in flight: with and without duplicates, and against a listener as samples have it`,

  async run({ quick, rounds }, tell) {
    await onBoth(async (place) => {
      const isNull = place.name === 'null service';
      const deliveries = quick ? 200 : 600;
      const { receiver } = servicesOn(place, 'app');
      const sample = bareClient(place, `sample${TABLE}`);
      const handled = bareClient(place, 'samplehandled');
      await handled.createTable();
      const updates = new Updates(deliveries);
      for (const client of [bareClient(place, `app${TABLE}`), sample]) await updates.seed(client);
      const fresh = (): Buffer => updates.next();

      const stream = (eachNth: number, handle: (body: Buffer) => Promise<unknown>): Subject => {
        let bodies: readonly Buffer[] = [];
        return {
          prepare: () => void (bodies = withDuplicates(fresh, deliveries, eachNth)),
          run: () =>
            inFlight(IN_FLIGHT, deliveries, async (n) => {
              const body = bodies[n];
              if (body !== undefined) await handle(body);
            }),
        };
      };
      const receive = async (body: Buffer): Promise<void> => {
        const [outcome] = await receiver.receive([{ source: 'bench', body }]);
        if (outcome?.kind !== 'processed')
          throw new Error(`A delivery was ${outcome?.kind ?? 'lost'}.`, { cause: outcome });
      };

      const turns = await inRounds(
        {
          without: stream(0, receive),
          '10 %': stream(10, receive),
          '50 %': stream(2, receive),
          sample: stream(0, (body) => sampleListener(sample, handled, body)),
        },
        { rounds, warmup: 2, operations: deliveries },
      );
      tell(
        figuresOf(turns, [
          ...(['10 %', '50 %'] as const).flatMap((share) => {
            const of = { work: `duplicates ${share}, ${place.name}`, subject: share, against: 'without' } as const;
            const faster = { aim: { least: 1 }, why: WHY };
            return [
              { ...of, of: 'rate' as const, ...faster },
              { ...of, of: 'CPU' as const },
              { ...of, of: 'requests' as const },
            ];
          }),
          {
            work: `sample-style listener, ${place.name}`,
            subject: 'without',
            against: 'sample',
            of: 'rate',
            ...(isNull ? {} : { aim: { least: 3 }, why: WHY_SAMPLE }),
          },
          { work: `sample-style listener, ${place.name}`, subject: 'without', against: 'sample', of: 'CPU' },
          { work: `sample-style listener, ${place.name}`, subject: 'without', against: 'sample', of: 'requests' },
        ]),
      );
    });
  },
};

const WHY = 'A known duplicate makes no round trip, so this should not happen: look at the spread.';
const WHY_SAMPLE =
  'Its four round trips to a store on the same machine take little; against one that is a millisecond away the ratio nears four.';
