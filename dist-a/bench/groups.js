"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.GROUPS = void 0;
/** Loaded one at a time: what a group doesn't use isn't in its process. */
exports.GROUPS = {
    parse: () => import('./groups/parse.js'),
    writer: () => import('./groups/writer.js'),
    batches: () => import('./groups/batches.js'),
    duplicates: () => import('./groups/duplicates.js'),
    loading: () => import('./groups/loading.js'),
    pull: () => import('./groups/pull.js'),
    webhook: () => import('./groups/webhook.js'),
    messages: () => import('./groups/messages.js'),
};
//# sourceMappingURL=groups.js.map