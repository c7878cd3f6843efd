"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
//# sourceMappingURL=element-events.js.map