"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
//# sourceMappingURL=relationship.js.map