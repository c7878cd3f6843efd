"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
//# sourceMappingURL=dataverse.js.map