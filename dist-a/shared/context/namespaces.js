"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.typeText = exports.isContracts = exports.ARRAYS = exports.SERIALIZATION = exports.INSTANCE = exports.SCHEMA = exports.GENERIC = exports.CONTRACTS = void 0;
/** Namespace of the platform's own types and of their members. */
exports.CONTRACTS = 'http://schemas.microsoft.com/xrm/2011/Contracts';
/** Members of a pair, `key` and `value`. */
exports.GENERIC = 'http://schemas.datacontract.org/2004/07/System.Collections.Generic';
/** The simple types of XML Schema. */
exports.SCHEMA = 'http://www.w3.org/2001/XMLSchema';
/** The attributes `type` and `nil`. */
exports.INSTANCE = 'http://www.w3.org/2001/XMLSchema-instance';
/** The simple types that .NET adds to those of XML Schema: `guid`, `char`, `duration`. */
exports.SERIALIZATION = 'http://schemas.microsoft.com/2003/10/Serialization/';
/** Arrays and dictionaries of simple types. */
exports.ARRAYS = 'http://schemas.microsoft.com/2003/10/Serialization/Arrays';
const ANY_CONTRACTS = /^http:\/\/schemas\.microsoft\.com\/xrm\/\d+(?:\.\d+)?\/Contracts$/;
/** Whether a namespace is the platform's, of any version: newer types have a newer one (`xrm/9.0/Contracts`). */
const isContracts = (uri) => uri === exports.CONTRACTS || ANY_CONTRACTS.test(uri);
exports.isContracts = isContracts;
/** What .NET's JSON has a `#` for at the start of a type's namespace. */
const CLR = 'http://schemas.datacontract.org/2004/07/';
/** A type as .NET's JSON would name it, so that one type has one name whatever the format: `Name:namespace`. */
const typeText = (name, uri) => `${name}:${uri.startsWith(CLR) ? `#${uri.slice(CLR.length)}` : uri}`;
exports.typeText = typeText;
//# sourceMappingURL=namespaces.js.map