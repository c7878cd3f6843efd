"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.businessDay = businessDay;
const dataverse_error_1 = require("../dataverse/dataverse-error");
const random_1 = require("../dataverse/random");
const doings_1 = require("./doings");
const link_doings_1 = require("./link-doings");
const office_1 = require("./office");
const row_contents_1 = require("./row-contents");
const byWeight = (doings) => doings.flatMap((doing) => new Array(doing.weight).fill(doing));
/**
 * A business day, the same for the same seed as far as timing allows: several users work on rows at once, some of them
 * in bursts within one second.
 */
async function businessDay(dataverse, { changes, seed, rate, of = 'rows', signal, onProgress }) {
    const random = (0, random_1.seededRandom)(seed);
    const office = new office_1.Office(dataverse, Object.keys(row_contents_1.WORK), changes, onProgress);
    const doings = byWeight(of === 'rows' ? doings_1.ROW_DOINGS : [...doings_1.ROW_DOINGS, ...link_doings_1.LINK_DOINGS]);
    const begun = performance.now();
    const workingDay = async (worker) => {
        while (office.done < changes && !signal.aborted) {
            const early = begun + (office.done * 1000) / rate - performance.now();
            if (early > 0)
                await new Promise((resolve) => setTimeout(resolve, early));
            try {
                await (0, row_contents_1.pick)(worker.random, doings).act(office, worker);
            }
            catch (error) {
                // Another user deleted the row meanwhile, or the rows are associated already, as happens.
                if (!(error instanceof dataverse_error_1.DataverseError))
                    throw error;
            }
            if (office.allTaken)
                await new Promise((resolve) => setTimeout(resolve, 1));
        }
    };
    await Promise.all(dataverse.users.map(({ id }) => workingDay({ random: (0, random_1.seededRandom)(random.between(0, 2 ** 31)), id })));
    return { changes: office.done, messages: office.messages, calls: office.calls };
}
//# sourceMappingURL=business.js.map