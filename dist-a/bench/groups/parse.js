"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.group = void 0;
const xmldom_1 = require("@xmldom/xmldom");
const saxes_1 = require("saxes");
const forbidden_references_1 = require("../../shared/context/forbidden-references");
const read_context_1 = require("../../shared/context/read-context");
const to_changes_1 = require("../../shared/context/to-changes");
const contexts_1 = require("../inputs/contexts");
const compare_1 = require("../measure/compare");
const rounds_1 = require("../measure/rounds");
const SIZES_KB = [2, 8, 60, 240];
/** Enough for the compiler, even in short rounds. */
const WARMUP_ROUNDS = 10;
const toChanges = (body) => (0, to_changes_1.changesOf)((0, read_context_1.readContext)(body), { source: 'bench', body });
/** Often enough that the clock's own time doesn't count. */
const times = (count, run) => () => {
    for (let n = 0; n < count; n += 1)
        run();
};
/** Reads every part of an event, its parents too. */
function readAll(body) {
    let parts = 0;
    for (let at = (0, read_context_1.readContext)(body); at !== null; at = at.parent) {
        for (const map of [at.inputParameters, at.outputParameters, at.sharedVariables, at.preImages, at.postImages]) {
            parts += [...(map ?? [])].length;
        }
    }
    return parts;
}
const parseJson = (body) => JSON.parse(Buffer.from(body).toString('utf8'));
/** Nothing but telling what is met, with the same options and handlers as the app's reader has. */
function xmlEvents(body) {
    const parser = new saxes_1.SaxesParser({
        xmlns: false,
        position: false,
        forceXMLVersion: true,
        defaultXMLVersion: '1.0',
    });
    let met = 0;
    const meet = () => void (met += 1);
    parser.on('xmldecl', meet);
    parser.on('doctype', meet);
    parser.on('opentag', meet);
    parser.on('text', meet);
    parser.on('cdata', meet);
    parser.on('closetag', meet);
    parser.write(Buffer.from(body).toString('utf8')).close();
}
/** What plain XML parsers can read: without the references that XML 1.0 forbids and .NET writes. */
const plainXml = (xml) => Buffer.from((0, forbidden_references_1.markForbidden)(xml.toString('utf8')).text);
exports.group = {
    about: 'an event as it came to row changes, against JSON.parse of the same bytes (or of the same event), decoding included',
    async run({ quick, rounds }, tell) {
        const options = { rounds: quick ? rounds : rounds * 3, warmup: WARMUP_ROUNDS, computesMs: quick ? 40 : 150 };
        for (const kilobytes of SIZES_KB) {
            const { json } = (0, contexts_1.contextOf)(kilobytes * 1024);
            const operations = Math.ceil(400 / kilobytes);
            const turns = await (0, rounds_1.inRounds)({
                changes: { run: times(operations, () => toChanges(json)) },
                'JSON.parse': { run: times(operations, () => parseJson(json)) },
            }, { ...options, operations });
            tell((0, compare_1.figuresOf)(turns, [
                {
                    work: `JSON of ${kilobytes} KB`,
                    subject: 'changes',
                    against: 'JSON.parse',
                    of: 'time',
                    aim: { most: 1.3 },
                    why: WHY.json,
                },
            ]));
        }
        const { xml } = (0, contexts_1.contextOf)(60 * 1024);
        const large = await (0, rounds_1.inRounds)({ changes: { run: () => toChanges(xml) }, 'event stream': { run: () => xmlEvents(xml) } }, options);
        tell((0, compare_1.figuresOf)(large, [
            {
                work: 'XML of the event of 60 KB',
                subject: 'changes',
                against: 'event stream',
                of: 'time',
                aim: { most: 2 },
                why: WHY.xml,
            },
        ]));
        const each = (form, read) => ({
            run: () => {
                for (const event of contexts_1.EVENTS)
                    read(event[form]);
            },
        });
        const plain = contexts_1.EVENTS.map((event) => plainXml(event.xml));
        const formats = await (0, rounds_1.inRounds)({
            'JSON.parse': each('json', parseJson),
            json: each('json', toChanges),
            'json all': each('json', readAll),
            'event stream': { run: () => plain.forEach(xmlEvents) },
            DOM: { run: () => plain.forEach((body) => new xmldom_1.DOMParser().parseFromString(body.toString('utf8'), 'text/xml')) },
            xml: each('xml', toChanges),
            'xml all': each('xml', readAll),
            binary: each('binary', toChanges),
            'binary all': each('binary', readAll),
        }, { ...options, operations: contexts_1.EVENTS.length });
        const of = 'time';
        tell((0, compare_1.figuresOf)(formats, [
            { work: 'seven events, JSON', subject: 'json', against: 'JSON.parse', of },
            { work: 'seven events, JSON, every part', subject: 'json all', against: 'JSON.parse', of },
            { work: 'seven events, XML', subject: 'xml', against: 'event stream', of, aim: { most: 2 }, why: WHY.xml },
            { work: 'seven events, XML', subject: 'xml', against: 'DOM', of },
            { work: 'seven events, XML', subject: 'xml', against: 'JSON.parse', of },
            { work: 'seven events, XML, every part', subject: 'xml all', against: 'JSON.parse', of },
            { work: 'seven events, binary', subject: 'binary', against: 'json', of, aim: { most: 1.5 }, why: WHY.binary },
            { work: 'seven events, binary', subject: 'binary', against: 'JSON.parse', of },
            { work: 'seven events, binary, every part', subject: 'binary all', against: 'JSON.parse', of },
        ]));
    },
};
const WHY = {
    json: 'Of what it takes over JSON.parse, about a quarter finds the numbers that a double would round, a quarter hashes the body for the ' +
        "delivery key, and the rest makes the values of Target's columns; in small bodies the members of the context besides.",
    xml: 'Half of what it takes over the event stream is names and attributes told on one by one (splitting prefixes, namespaces), ' +
        'the other half the tree of elements and the values of the columns.',
    binary: 'Most of it is the reader of records: a string made of bytes for each name and text (a third of all the time), and the same ' +
        'tree of elements as for XML; JSON is parsed by native code.',
};
//# sourceMappingURL=parse.js.map