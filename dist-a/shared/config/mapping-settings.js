"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.readMappingSettings = readMappingSettings;
exports.readMappingFile = readMappingFile;
/** The settings of the mapping: the file, the tables it and SYNC_TABLES name, the key of hashed columns. */
const node_fs_1 = require("node:fs");
const node_path_1 = require("node:path");
const layout_1 = require("../lob/tables/layout");
const compile_mapping_1 = require("../mapping/compile-mapping");
const mapping_1 = require("../mapping/mapping");
const read_mapping_1 = require("../mapping/read-mapping");
const redact_1 = require("../mapping/redact");
/** Azure tables of the app's own state, which may lie in the same account. */
const STATE_TABLES = ['dvoparked', 'dvopull', 'dvodiscarded'];
/** Shortest key of hashed columns, in bytes. */
const MIN_KEY_BYTES = 32;
/** Reads the mapping file, and which tables and relationships are kept in step. */
function readMappingSettings(environment, { tables: given, relationships: named = [], prefix }) {
    const read = readMappingFile(environment.MAPPING_FILE?.trim() ?? '');
    const key = readKey(environment.REDACTION_KEY?.trim() ?? '');
    const mapping = read?.ok === true ? (0, compile_mapping_1.compileMapping)(read.file, key.hash) : mapping_1.DEFAULT_MAPPING;
    const tables = given === undefined || given.length > 0 ? (given ?? []) : mapping.tables;
    const relationships = [...new Set([...named, ...mapping.links.keys()])];
    const at = read?.ok === true ? read.at : ({ text }) => text;
    const faults = [
        ...key.faults,
        ...(read?.ok === false ? read.faults : []),
        ...(read?.ok === true && key.missing && (0, compile_mapping_1.hashesColumns)(read.file)
            ? ['REDACTION_KEY is missing: the mapping file hashes columns']
            : []),
        ...(given?.length === 0 && tables.length === 0 && read?.ok !== false
            ? ['SYNC_TABLES is missing: name the tables to keep in step, such as account,contact, or set MAPPING_FILE']
            : []),
        ...(given === undefined || given.length === 0
            ? []
            : mapping.tables
                .filter((table) => !new Set(given).has(table))
                .map((table) => at({ path: ['tables', table], ofKey: true, text: "isn't in SYNC_TABLES" }))),
        ...(prefix === undefined ? [] : nameFaults(mapping, tables, relationships, prefix, at)),
    ];
    return { mapping, tables, relationships, faults };
}
/** Reads a mapping file, its path relative to the app's root; undefined without one. */
function readMappingFile(path) {
    if (path === '')
        return undefined;
    try {
        const file = (0, node_fs_1.statSync)(path);
        if (!file.isFile())
            return { ok: false, faults: [`MAPPING_FILE must name a file, and ${(0, node_path_1.basename)(path)} is none`] };
        if (file.size > read_mapping_1.MAX_MAPPING_BYTES)
            return { ok: false, faults: [`${(0, node_path_1.basename)(path)} must not be larger than 1 MiB`] };
        return (0, read_mapping_1.readMapping)((0, node_path_1.basename)(path), (0, node_fs_1.readFileSync)(path, 'utf8'));
    }
    catch (error) {
        const code = error.code ?? 'unknown fault';
        return {
            ok: false,
            faults: [`MAPPING_FILE names a file that can't be read (${code}); its path starts at the app's root`],
        };
    }
}
function readKey(text) {
    const key = /^[A-Za-z0-9+/_-]+=*$/.test(text) ? Buffer.from(text, 'base64') : Buffer.alloc(0);
    const fits = text === '' || key.length >= MIN_KEY_BYTES;
    return {
        hash: (0, redact_1.hashWith)(key),
        missing: text === '',
        faults: fits ? [] : [`REDACTION_KEY must be at least ${MIN_KEY_BYTES} bytes in base64 (openssl rand -base64 32)`],
    };
}
/** Names that Azure doesn't allow, and names that two things would share. */
function nameFaults(mapping, tables, relationships, prefix, at) {
    const inFile = { tables: new Set(mapping.tables), links: mapping.links, events: mapping.events };
    const named = (group, name, target) => ({
        name,
        azure: (0, layout_1.azureTableName)(prefix, target),
        path: inFile[group].has(name) ? [group, name] : group === 'tables' ? 'SYNC_TABLES' : 'SYNC_RELATIONSHIPS',
    });
    const all = [
        ...tables.map((table) => named('tables', table, mapping.tableOf(table).target)),
        ...relationships.map((name) => named('links', name, mapping.links.get(name)?.target ?? name)),
        ...[...mapping.events].map(([name, { target }]) => named('events', name, target)),
    ];
    const say = ({ name, path }, text) => typeof path === 'string'
        ? `${path} can't hold ${name}: ${text}`
        : at({ path, ofKey: true, text: `can't have that name in the store: ${text}` });
    return [
        ...all
            .filter(({ azure }) => !/^[A-Za-z][A-Za-z0-9]{2,62}$/.test(azure))
            .map((one) => say(one, 'with LOB_TABLE_PREFIX its Azure table needs 3 to 63 letters and digits')),
        ...all
            .filter(({ azure }) => STATE_TABLES.includes(azure.toLowerCase()))
            .map((one) => say(one, "its Azure table would be one of the app's own state")),
        ...[...Map.groupBy(all, ({ azure }) => azure.toLowerCase()).values()].flatMap(([first, ...others]) => others.map((other) => say(other, `its Azure table would have the same name as that of ${first?.name ?? ''}`))),
    ];
}
//# sourceMappingURL=mapping-settings.js.map