"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.needsDictionary = exports.ARRAY_VALUE_BYTES = exports.LAST_TEXT = exports.FIRST_TEXT = exports.LAST_ELEMENT = exports.FIRST_ELEMENT = exports.LAST_ATTRIBUTE = exports.FIRST_ATTRIBUTE = exports.RECORD = void 0;
exports.recordName = recordName;
/**
 * Record types of .NET's binary XML. In text records the lowest bit says that the element ends with them.
 * https://learn.microsoft.com/openspecs/windows_protocols/mc-nbfx/ (2.2, "Records")
 */
exports.RECORD = {
    endElement: 0x01,
    comment: 0x02,
    array: 0x03,
    shortAttribute: 0x04,
    attribute: 0x05,
    shortXmlnsAttribute: 0x08,
    xmlnsAttribute: 0x09,
    prefixAttributeA: 0x26,
    prefixAttributeZ: 0x3f,
    shortElement: 0x40,
    element: 0x41,
    prefixElementA: 0x5e,
    prefixElementZ: 0x77,
    zero: 0x80,
    one: 0x82,
    false: 0x84,
    true: 0x86,
    int8: 0x88,
    int16: 0x8a,
    int32: 0x8c,
    int64: 0x8e,
    float: 0x90,
    double: 0x92,
    decimal: 0x94,
    dateTime: 0x96,
    chars8: 0x98,
    chars16: 0x9a,
    chars32: 0x9c,
    bytes8: 0x9e,
    bytes16: 0xa0,
    bytes32: 0xa2,
    startList: 0xa4,
    endList: 0xa6,
    empty: 0xa8,
    dictionary: 0xaa,
    uniqueId: 0xac,
    timeSpan: 0xae,
    uuid: 0xb0,
    uint64: 0xb2,
    bool: 0xb4,
    unicodeChars8: 0xb6,
    unicodeChars16: 0xb8,
    unicodeChars32: 0xba,
    qnameDictionary: 0xbc,
};
/** First and last type of all attribute records. */
exports.FIRST_ATTRIBUTE = exports.RECORD.shortAttribute;
exports.LAST_ATTRIBUTE = exports.RECORD.prefixAttributeZ;
/** First and last type of all element records. */
exports.FIRST_ELEMENT = exports.RECORD.shortElement;
exports.LAST_ELEMENT = exports.RECORD.prefixElementZ;
/** First type of all text records; the last has the bit that ends the element. */
exports.FIRST_TEXT = exports.RECORD.zero;
exports.LAST_TEXT = exports.RECORD.qnameDictionary + 1;
/** Bytes of one value, for the kinds of value that an array can have (2.2.3.31, "Array"). */
exports.ARRAY_VALUE_BYTES = new Map([
    [exports.RECORD.bool + 1, 1],
    [exports.RECORD.int16 + 1, 2],
    [exports.RECORD.int32 + 1, 4],
    [exports.RECORD.int64 + 1, 8],
    [exports.RECORD.float + 1, 4],
    [exports.RECORD.double + 1, 8],
    [exports.RECORD.decimal + 1, 16],
    [exports.RECORD.dateTime + 1, 8],
    [exports.RECORD.timeSpan + 1, 8],
    [exports.RECORD.uuid + 1, 16],
]);
const letter = (type, first) => String.fromCharCode(0x41 + type - first);
const TEXT_NAMES = [
    'ZeroText',
    'OneText',
    'FalseText',
    'TrueText',
    'Int8Text',
    'Int16Text',
    'Int32Text',
    'Int64Text',
    'FloatText',
    'DoubleText',
    'DecimalText',
    'DateTimeText',
    'Chars8Text',
    'Chars16Text',
    'Chars32Text',
    'Bytes8Text',
    'Bytes16Text',
    'Bytes32Text',
    'StartListText',
    'EndListText',
    'EmptyText',
    'DictionaryText',
    'UniqueIdText',
    'TimeSpanText',
    'UuidText',
    'UInt64Text',
    'BoolText',
    'UnicodeChars8Text',
    'UnicodeChars16Text',
    'UnicodeChars32Text',
    'QNameDictionaryText',
];
const OTHER_NAMES = new Map([
    [exports.RECORD.endElement, 'EndElement'],
    [exports.RECORD.comment, 'Comment'],
    [exports.RECORD.array, 'Array'],
    [exports.RECORD.shortAttribute, 'ShortAttribute'],
    [exports.RECORD.attribute, 'Attribute'],
    [0x06, 'ShortDictionaryAttribute'],
    [0x07, 'DictionaryAttribute'],
    [exports.RECORD.shortXmlnsAttribute, 'ShortXmlnsAttribute'],
    [exports.RECORD.xmlnsAttribute, 'XmlnsAttribute'],
    [0x0a, 'ShortDictionaryXmlnsAttribute'],
    [0x0b, 'DictionaryXmlnsAttribute'],
    [exports.RECORD.shortElement, 'ShortElement'],
    [exports.RECORD.element, 'Element'],
    [0x42, 'ShortDictionaryElement'],
    [0x43, 'DictionaryElement'],
]);
/** The specification's name of a record type. */
function recordName(type) {
    if (type >= exports.FIRST_TEXT && type <= exports.LAST_TEXT) {
        const name = TEXT_NAMES[(type - exports.FIRST_TEXT) >> 1] ?? '';
        return type % 2 === 0 ? name : `${name}WithEndElement`;
    }
    if (type >= 0x0c && type <= 0x25)
        return `PrefixDictionaryAttribute${letter(type, 0x0c)}`;
    if (type >= exports.RECORD.prefixAttributeA && type <= exports.RECORD.prefixAttributeZ) {
        return `PrefixAttribute${letter(type, exports.RECORD.prefixAttributeA)}`;
    }
    if (type >= 0x44 && type <= 0x5d)
        return `PrefixDictionaryElement${letter(type, 0x44)}`;
    if (type >= exports.RECORD.prefixElementA && type <= exports.RECORD.prefixElementZ) {
        return `PrefixElement${letter(type, exports.RECORD.prefixElementA)}`;
    }
    return OTHER_NAMES.get(type) ?? `0x${type.toString(16).padStart(2, '0')}`;
}
/**
 * Whether a record refers to a string of a dictionary that both sides have, or that came earlier in a session
 * ([MC-NBFS], [MC-NBFSE]). A message that stands alone has neither.
 */
const needsDictionary = (type) => type === 0x06 ||
    type === 0x07 ||
    (type >= 0x0a && type <= 0x25) ||
    (type >= 0x42 && type <= 0x5d) ||
    (type & 0xfe) === exports.RECORD.dictionary ||
    (type & 0xfe) === exports.RECORD.qnameDictionary;
exports.needsDictionary = needsDictionary;
//# sourceMappingURL=binary-records.js.map