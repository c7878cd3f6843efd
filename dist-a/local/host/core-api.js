"use strict";
/**
 * The part of `@azure/functions-core` that `@azure/functions` meets a host through. The module exists only inside the real Node worker, and no
 * package publishes its types; names and shapes follow the worker's protocol (https://github.com/Azure/azure-functions-language-worker-protobuf).
 */
Object.defineProperty(exports, "__esModule", { value: true });
//# sourceMappingURL=core-api.js.map