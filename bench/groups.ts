/** All that is measured, by the name that `npm run bench -- NAME` takes. */
import type { Group } from './measure/group';

/** Loaded one at a time: what a group doesn't use isn't in its process. */
export const GROUPS: Readonly<Record<string, () => Promise<{ readonly group: Group }>>> = {
  parse: () => import('./groups/parse.js'),
  writer: () => import('./groups/writer.js'),
  batches: () => import('./groups/batches.js'),
  duplicates: () => import('./groups/duplicates.js'),
  loading: () => import('./groups/loading.js'),
  pull: () => import('./groups/pull.js'),
  webhook: () => import('./groups/webhook.js'),
  messages: () => import('./groups/messages.js'),
  growth: () => import('./groups/growth.js'),
  sdk: () => import('./groups/sdk.js'),
};
