"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
//# sourceMappingURL=pull-state.js.map