"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.daySettings = void 0;
const node_crypto_1 = require("node:crypto");
const node_path_1 = require("node:path");
/** @param root folder of the repository: the mapping file isn't compiled, so it lies with the sources */
const daySettings = (root) => ({
    MAPPING_FILE: (0, node_path_1.join)(root, 'local/day/mapping.yaml'),
    REDACTION_KEY: (0, node_crypto_1.randomBytes)(32).toString('base64'),
});
exports.daySettings = daySettings;
//# sourceMappingURL=settings.js.map