"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.explainBody = explainBody;
exports.aboutBody = aboutBody;
const read_context_1 = require("../shared/context/read-context");
const errors_1 = require("../shared/errors");
const explain_context_1 = require("./explain-context");
const refusal = (error) => `can't be read: ${(0, errors_1.codeOf)(error)}: ${(0, errors_1.messageOf)(error)}`;
/** What `dvo parse --explain` says of a body that was kept. Names columns, not values; never throws. */
function explainBody({ source, body, contentType, truncated }, fullImageAlias) {
    try {
        const context = (0, read_context_1.readContext)(body, contentType === undefined ? {} : { contentType });
        const told = () => {
            try {
                return (0, explain_context_1.explainChanges)((0, explain_context_1.toldBy)(context, {
                    source,
                    body,
                    ...(truncated === undefined ? {} : { truncated }),
                    ...(fullImageAlias === undefined ? {} : { fullImageAlias }),
                }));
            }
            catch (error) {
                return refusal(error);
            }
        };
        return `${(0, explain_context_1.explainContext)(context)}\n${told()}`;
    }
    catch (error) {
        return refusal(error);
    }
}
/** What a body is about, in two words: `Update of account`, or why it can't be read. */
function aboutBody(body, contentType) {
    try {
        const { message, table } = (0, read_context_1.readContext)(body, contentType === undefined ? {} : { contentType });
        return table === '' || table === 'none' ? message : `${message} of ${table}`;
    }
    catch (error) {
        return (0, errors_1.codeOf)(error);
    }
}
//# sourceMappingURL=explain-body.js.map