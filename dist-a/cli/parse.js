"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.addParseCommand = addParseCommand;
const commander_1 = require("commander");
const format_1 = require("../shared/context/format");
const config_1 = require("../shared/config/config");
const read_context_1 = require("../shared/context/read-context");
const explain_context_1 = require("./explain-context");
const mapped_change_1 = require("./mapped-change");
const plain_json_1 = require("./plain-json");
const terminal_1 = require("./terminal");
const formatArgument = (text) => {
    const format = format_1.CONTEXT_FORMATS.find((known) => known === text);
    if (format === undefined)
        throw new commander_1.InvalidArgumentError(`Known are ${format_1.CONTEXT_FORMATS.join(', ')}.`);
    return format;
};
async function bodyOf(terminal, file) {
    if (file === '-')
        return terminal.readInput();
    try {
        return await terminal.readFile(file);
    }
    catch (error) {
        const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown fault';
        throw new terminal_1.UsageError(`can't read ${file} (${code})`);
    }
}
/** Every member of a context, its parents' too: getters are not own members, so they are named. */
function wholeOf(context) {
    const { inputParameters, outputParameters, sharedVariables, preImages, postImages, parent } = context;
    const maps = { inputParameters, outputParameters, sharedVariables, preImages, postImages };
    const read = Object.entries(maps).map(([name, map]) => [
        name,
        map && new Map(map),
    ]);
    const scalars = {
        form: context.form,
        message: context.message,
        stage: context.stage,
        mode: context.mode,
        depth: context.depth,
        table: context.table,
        rowId: context.rowId,
        secondaryTable: context.secondaryTable,
        operationCreatedOn: new Date(context.operationCreatedOn).toISOString(),
        operationCreatedOnOffset: context.operationCreatedOnOffset,
        correlationId: context.correlationId,
        operationId: context.operationId,
        requestId: context.requestId,
        userId: context.userId,
        initiatingUserId: context.initiatingUserId,
        initiatingUserAgent: context.initiatingUserAgent,
        userEntraId: context.userEntraId,
        initiatingUserEntraId: context.initiatingUserEntraId,
        businessUnitId: context.businessUnitId,
        organizationId: context.organizationId,
        organizationName: context.organizationName,
        isInTransaction: context.isInTransaction,
        isExecutingOffline: context.isExecutingOffline,
        isOfflinePlayback: context.isOfflinePlayback,
        isolationMode: context.isolationMode,
        owningExtension: context.owningExtension,
    };
    return { ...scalars, ...Object.fromEntries(read), parent: parent === null ? null : wholeOf(parent) };
}
const jsonOf = (context, changes, full) => (0, plain_json_1.plainJson)(full ? { context: wholeOf(context), changes } : changes);
async function parse(terminal, file, options) {
    const body = await bodyOf(terminal, file);
    const context = (0, read_context_1.readContext)(body, options.format === undefined ? {} : { format: options.format });
    const show = (changes) => {
        const words = [(0, explain_context_1.explainContext)(context), ...(changes === null ? [] : [(0, explain_context_1.explainChanges)(changes)])];
        if (options.explain === true)
            terminal.out(`${words.join('\n')}\n`);
        if (options.full === true || (options.explain !== true && changes !== null)) {
            terminal.out(`${jsonOf(context, changes, options.full === true)}\n`);
        }
    };
    const delivery = {
        source: 'cli',
        body,
        ...(options.fullImage === undefined ? {} : { fullImageAlias: options.fullImage }),
        ...(options.truncated === undefined ? {} : { truncated: options.truncated }),
    };
    const mapping = options.mapping === undefined ? undefined : (0, mapped_change_1.mappingAt)(options.mapping, (0, config_1.environment)());
    let changes;
    try {
        changes = (0, explain_context_1.toldBy)(context, delivery);
    }
    catch (error) {
        // What can't become changes can still be looked at.
        show(null);
        throw error;
    }
    show(mapping === undefined ? changes : changes.map((change) => ({ ...change, stored: (0, mapped_change_1.mappedChange)(mapping, change) })));
}
/** `dvo parse`: what the app makes of a context that was pushed or parked. */
function addParseCommand(program, terminal) {
    program
        .command('parse')
        .description('print the changes, or the event, that a pushed execution context means')
        .argument('<file>', 'the body as it was received; - for standard input')
        .option('--explain', 'say it in words instead')
        .option('--full', 'print the whole context as well')
        .option('--format <format>', `take the body as ${format_1.CONTEXT_FORMATS.join(', ')}`, formatArgument)
        .option('--full-image <alias>', 'take this image after the operation as the full row')
        .option('--mapping <file>', 'show what becomes of it in the store by this mapping file (without metadata; hashes as by REDACTION_KEY)')
        .option('--truncated', 'the sender said that members were removed for size')
        .action(async (file, options) => parse(terminal, file, options));
}
//# sourceMappingURL=parse.js.map