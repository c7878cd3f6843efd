/** The local broker in a process of its own: tells its parent its connection string, ends with it. */
import { startBroker } from '../../../local/broker/broker';
import { BUS } from '../../../local/stack/stack';

startBroker({
  queues: { [BUS.queue]: {} },
  hubs: { [BUS.hub]: { partitions: BUS.partitions, consumerGroups: [BUS.group] } },
}).then(
  ({ connectionString }) => process.send?.(connectionString),
  (error: unknown) => {
    console.error(error);
    process.exit(1);
  },
);
process.once('disconnect', () => process.exit());
