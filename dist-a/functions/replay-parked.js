"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
const functions_1 = require("@azure/functions");
const replay_1 = require("../shared/parking/replay");
const services_1 = require("../shared/services");
const NAME = 'replay-parked';
if ((0, services_1.servable)(NAME, (0, services_1.coreFaults)())) {
    functions_1.app.timer(NAME, { schedule: '%REPLAY_SCHEDULE%', handler: (0, replay_1.replayHandler)(services_1.requiredServices) });
}
//# sourceMappingURL=replay-parked.js.map