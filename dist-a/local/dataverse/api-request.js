"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
//# sourceMappingURL=api-request.js.map