"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.PLATFORM_MESSAGES = void 0;
const ordinary = (table) => table.intersect !== true;
const owned = (table) => table.ownership === 'user';
const merged = (table) => table.byName.has('masterid');
const BULK = ['CreateMultiple', 'UpdateMultiple', 'UpsertMultiple', 'DeleteMultiple'];
/**
 * The messages that raise events here. Associate and Disassociate have no table: one step hears of all relationships.
 * https://learn.microsoft.com/power-apps/developer/data-platform/event-framework
 */
exports.PLATFORM_MESSAGES = [
    ...['Create', 'Update', 'Delete', 'Upsert', ...BULK].map((name) => ({ name, tables: ordinary })),
    ...['Assign', 'SetState', 'SetStateDynamicEntity'].map((name) => ({ name, tables: owned })),
    { name: 'Merge', tables: merged },
    ...['Associate', 'Disassociate'].map((name) => ({ name, tables: 'none' })),
];
//# sourceMappingURL=messages.js.map