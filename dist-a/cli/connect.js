"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.connect = connect;
const config_1 = require("../shared/config/config");
const services_1 = require("../shared/services");
const terminal_1 = require("./terminal");
/** The Web API of the environment that the settings name. @throws UsageError */
function connect() {
    const [config] = (0, terminal_1.settingsOf)((0, config_1.readWebApiConfig)((0, config_1.environment)()));
    return (0, services_1.webApi)(config);
}
//# sourceMappingURL=connect.js.map