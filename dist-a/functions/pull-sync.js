"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
const functions_1 = require("@azure/functions");
const services_1 = require("../shared/services");
const pull_handler_1 = require("../shared/sync/pull-handler");
const NAME = 'pull-sync';
const { core } = (0, services_1.appConfig)();
const noWebApi = core.ok && core.value.dataverse === undefined ? ['DATAVERSE_URL is missing: pulling needs the Web API'] : [];
if (core.ok && (0, services_1.servable)(NAME, noWebApi)) {
    const sync = () => {
        const { pullSync } = (0, services_1.requiredServices)();
        if (pullSync === undefined)
            throw new Error(noWebApi[0]);
        return pullSync;
    };
    functions_1.app.timer(NAME, {
        schedule: '%PULL_SCHEDULE%',
        handler: (0, pull_handler_1.pullHandler)([...core.value.tables, ...core.value.relationships], sync),
    });
}
else if (!core.ok) {
    (0, services_1.servable)(NAME, (0, services_1.coreFaults)());
}
//# sourceMappingURL=pull-sync.js.map