"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
//# sourceMappingURL=row-change.js.map