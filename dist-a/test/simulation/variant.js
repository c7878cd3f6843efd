"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
//# sourceMappingURL=variant.js.map