"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.addMappingCommand = addMappingCommand;
const promises_1 = require("node:fs/promises");
const config_1 = require("../shared/config/config");
const mapping_settings_1 = require("../shared/config/mapping-settings");
const metadata_1 = require("../shared/dataverse/metadata");
const compile_mapping_1 = require("../shared/mapping/compile-mapping");
const mapping_schema_1 = require("../shared/mapping/mapping-schema");
const connect_1 = require("./connect");
const mapping_against_dataverse_1 = require("./mapping-against-dataverse");
const mapping_draft_1 = require("./mapping-draft");
const mapped_change_1 = require("./mapped-change");
const terminal_1 = require("./terminal");
const countOf = (count, noun) => `${count} ${noun}${count === 1 ? '' : 's'}`;
async function check(terminal, argument, { fromDataverse }) {
    const settings = (0, config_1.environment)();
    const path = argument ?? settings.MAPPING_FILE?.trim() ?? '';
    if (path === '')
        throw new terminal_1.UsageError('name the mapping file, or set MAPPING_FILE');
    const keyIsSet = (settings.REDACTION_KEY?.trim() ?? '') !== '';
    const { faults, mapping } = (0, config_1.readMappingPart)({
        ...settings,
        MAPPING_FILE: path,
        ...(keyIsSet ? {} : { REDACTION_KEY: mapped_change_1.SOME_KEY }),
    });
    const all = [...faults];
    const read = (0, mapping_settings_1.readMappingFile)(path);
    if (read?.ok === true) {
        if ((0, compile_mapping_1.hashesColumns)(read.file) && !keyIsSet)
            terminal.err('note: columns are hashed, so the app needs the setting REDACTION_KEY\n');
        if (fromDataverse === true) {
            const api = (0, connect_1.connect)();
            for (const finding of await (0, mapping_against_dataverse_1.findingsOf)(read.file, api, new metadata_1.MetadataCatalog(api, mapping.languages))) {
                if (finding.warning === true)
                    terminal.err(`warning: ${read.at(finding)}\n`);
                else
                    all.push(read.at(finding));
            }
        }
    }
    for (const fault of all)
        terminal.err(`${fault}\n`);
    if (all.length > 0)
        throw new Error(`${path} has ${countOf(all.length, 'fault')}.`);
    const counts = [
        countOf(mapping.tables.length, 'table'),
        countOf(mapping.links.size, 'link'),
        countOf(mapping.events.size, 'event'),
    ];
    terminal.out(`${path}: ${counts.join(', ')}, no faults\n`);
}
async function init(terminal, { fromDataverse: tables, out }) {
    const catalog = new metadata_1.MetadataCatalog((0, connect_1.connect)());
    const definitions = await Promise.all([...new Set(tables)].map((table) => catalog.get(table)));
    const text = (0, mapping_draft_1.mappingDraft)(definitions);
    if (out === undefined) {
        terminal.out(text);
        return;
    }
    try {
        await (0, promises_1.writeFile)(out, text, { flag: 'wx' });
    }
    catch (error) {
        if (error.code !== 'EEXIST')
            throw error;
        throw new terminal_1.UsageError(`${out} is there already, and is not overwritten`, { cause: error });
    }
    terminal.err(`${out} was written: ${countOf(definitions.length, 'table')}.\n`);
}
/** `dvo mapping`: checks a mapping file, drafts one, prints its schema. */
function addMappingCommand(program, terminal) {
    const mapping = program.command('mapping').description('check and draft mapping files (docs/mapping.md)');
    mapping
        .command('check')
        .description('tell every fault of a mapping file, each with its line and column; exit code 1 if there is any')
        .argument('[file]', 'the file; by default the one that MAPPING_FILE names')
        .option('--from-dataverse', 'ask the environment (DATAVERSE_URL) for the tables, columns and relationships too')
        .action((file, options) => check(terminal, file, options));
    mapping
        .command('init')
        .description('draft a mapping file that keeps every column, each with its type and choices')
        .requiredOption('--from-dataverse <table...>', 'logical names of the tables, asked of DATAVERSE_URL')
        .option('--out <file>', 'write it there, if nothing is there yet')
        .action((options) => init(terminal, options));
    mapping
        .command('schema')
        .description('print the JSON Schema of mapping files, for editors')
        .action(() => terminal.out(`${JSON.stringify((0, mapping_schema_1.mappingJsonSchema)(), null, 2)}\n`));
}
//# sourceMappingURL=mapping.js.map