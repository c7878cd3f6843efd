/**
 * Record types of .NET's binary XML. In text records the lowest bit says that the element ends with them.
 * https://learn.microsoft.com/openspecs/windows_protocols/mc-nbfx/ (2.2, "Records")
 */
export const RECORD = {
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
} as const;

/** First and last type of all attribute records. */
const FIRST_ATTRIBUTE = RECORD.shortAttribute;
const LAST_ATTRIBUTE = RECORD.prefixAttributeZ;

/** First and last type of all element records. */
const FIRST_ELEMENT = RECORD.shortElement;
const LAST_ELEMENT = RECORD.prefixElementZ;

/** First type of all text records; the last has the bit that ends the element. */
const FIRST_TEXT = RECORD.zero;
const LAST_TEXT = RECORD.qnameDictionary + 1;

/** Bytes of one value, for the kinds of value that an array can have (2.2.3.31, "Array"). */
export const ARRAY_VALUE_BYTES: ReadonlyMap<number, number> = new Map([
  [RECORD.bool + 1, 1],
  [RECORD.int16 + 1, 2],
  [RECORD.int32 + 1, 4],
  [RECORD.int64 + 1, 8],
  [RECORD.float + 1, 4],
  [RECORD.double + 1, 8],
  [RECORD.decimal + 1, 16],
  [RECORD.dateTime + 1, 8],
  [RECORD.timeSpan + 1, 8],
  [RECORD.uuid + 1, 16],
]);

const letter = (type: number, first: number): string => String.fromCharCode(0x41 + type - first);

const TEXT_NAMES: readonly string[] = [
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

const OTHER_NAMES: ReadonlyMap<number, string> = new Map([
  [RECORD.endElement, 'EndElement'],
  [RECORD.comment, 'Comment'],
  [RECORD.array, 'Array'],
  [RECORD.shortAttribute, 'ShortAttribute'],
  [RECORD.attribute, 'Attribute'],
  [0x06, 'ShortDictionaryAttribute'],
  [0x07, 'DictionaryAttribute'],
  [RECORD.shortXmlnsAttribute, 'ShortXmlnsAttribute'],
  [RECORD.xmlnsAttribute, 'XmlnsAttribute'],
  [0x0a, 'ShortDictionaryXmlnsAttribute'],
  [0x0b, 'DictionaryXmlnsAttribute'],
  [RECORD.shortElement, 'ShortElement'],
  [RECORD.element, 'Element'],
  [0x42, 'ShortDictionaryElement'],
  [0x43, 'DictionaryElement'],
]);

/** The specification's name of a record type. */
export function recordName(type: number): string {
  if (type >= FIRST_TEXT && type <= LAST_TEXT) {
    const name = TEXT_NAMES[(type - FIRST_TEXT) >> 1] ?? '';
    return type % 2 === 0 ? name : `${name}WithEndElement`;
  }
  if (type >= 0x0c && type <= 0x25) return `PrefixDictionaryAttribute${letter(type, 0x0c)}`;
  if (type >= RECORD.prefixAttributeA && type <= RECORD.prefixAttributeZ) {
    return `PrefixAttribute${letter(type, RECORD.prefixAttributeA)}`;
  }
  if (type >= 0x44 && type <= 0x5d) return `PrefixDictionaryElement${letter(type, 0x44)}`;
  if (type >= RECORD.prefixElementA && type <= RECORD.prefixElementZ) {
    return `PrefixElement${letter(type, RECORD.prefixElementA)}`;
  }
  return OTHER_NAMES.get(type) ?? `0x${type.toString(16).padStart(2, '0')}`;
}

/**
 * Whether a record refers to a string of a dictionary that both sides have, or that came earlier in a session
 * ([MC-NBFS], [MC-NBFSE]). A message that stands alone has neither.
 */
const needsDictionary = (type: number): boolean =>
  type === 0x06 ||
  type === 0x07 ||
  (type >= 0x0a && type <= 0x25) ||
  (type >= 0x42 && type <= 0x5d) ||
  (type & 0xfe) === RECORD.dictionary ||
  (type & 0xfe) === RECORD.qnameDictionary;

/** Whether a record stands in a start tag: an attribute or declaration, be it one that needs a dictionary. */
export const isInStartTag = (type: number): boolean => type >= FIRST_ATTRIBUTE && type <= LAST_ATTRIBUTE;

/** What a record is, as far as reading it is concerned. */
export const KIND = {
  unknown: 0,
  dictionary: 1,
  element: 2,
  attribute: 3,
  text: 4,
  endElement: 5,
  comment: 6,
  array: 7,
} as const;

function kindIn(type: number): number {
  if (needsDictionary(type)) return KIND.dictionary;
  if (type >= FIRST_TEXT && type <= LAST_TEXT) return KIND.text;
  if (type >= FIRST_ELEMENT && type <= LAST_ELEMENT) return KIND.element;
  if (isInStartTag(type)) return KIND.attribute;
  switch (type) {
    case RECORD.endElement:
      return KIND.endElement;
    case RECORD.comment:
      return KIND.comment;
    case RECORD.array:
      return KIND.array;
    default:
      return KIND.unknown;
  }
}

const KINDS = Uint8Array.from({ length: 0x100 }, (_, type) => kindIn(type));

/** What a record is, by its type: one of `KIND`. */
export const kindOf = (type: number): number => KINDS[type] ?? KIND.unknown;
