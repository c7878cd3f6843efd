"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
/** The local broker in a process of its own: tells its parent its connection string, ends with it. */
const broker_1 = require("../../local/broker/broker");
const stack_1 = require("../../local/stack");
(0, broker_1.startBroker)({
    queues: { [stack_1.BUS.queue]: {} },
    hubs: { [stack_1.BUS.hub]: { partitions: 4, consumerGroups: [stack_1.BUS.group] } },
}).then(({ connectionString }) => process.send?.(connectionString), (error) => {
    console.error(error);
    process.exit(1);
});
process.once('disconnect', () => process.exit());
//# sourceMappingURL=broker-main.js.map