"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
//# sourceMappingURL=association.js.map