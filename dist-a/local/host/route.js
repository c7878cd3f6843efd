"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.compileRoute = compileRoute;
/** Route templates of HTTP triggers (https://learn.microsoft.com/azure/azure-functions/functions-bindings-http-webhook-trigger#customize-the-http-endpoint). */
const settings_1 = require("./settings");
const CONSTRAINTS = {
    int: () => (value) => /^-?\d{1,10}$/.test(value),
    long: () => (value) => /^-?\d{1,19}$/.test(value),
    bool: () => (value) => /^(true|false)$/i.test(value),
    decimal: () => (value) => /^-?\d+(\.\d+)?$/.test(value),
    double: () => (value) => value !== '' && Number.isFinite(Number(value)),
    alpha: () => (value) => /^[a-z]*$/i.test(value),
    guid: () => (value) => /^\{?[\da-f]{8}-?([\da-f]{4}-?){3}[\da-f]{12}\}?$/i.test(value),
    minlength: (argument) => (value) => value.length >= Number(argument),
    maxlength: (argument) => (value) => value.length <= Number(argument),
    min: (argument) => (value) => Number(value) >= Number(argument),
    max: (argument) => (value) => Number(value) <= Number(argument),
};
/**
 * Compiles a template such as `orders/{id:int}/{part?}` or `files/{*path}`.
 *
 * @throws FunctionInError for a constraint this host doesn't know.
 */
function compileRoute(template) {
    const segments = split(template).map(compileSegment);
    return (path) => {
        const parts = split(path).map(decode);
        const parameters = {};
        for (const segment of segments) {
            if (segment.kind === 'rest') {
                parameters[segment.name] = parts.splice(0).join('/');
                continue;
            }
            const part = parts.shift();
            if (segment.kind === 'literal') {
                if (part?.toLowerCase() !== segment.text)
                    return null;
            }
            else if (part === undefined) {
                if (!segment.optional)
                    return null;
                if (segment.preset !== undefined)
                    parameters[segment.name] = segment.preset;
            }
            else {
                if (!segment.tests.every((test) => test(part)))
                    return null;
                parameters[segment.name] = part;
            }
        }
        return parts.length === 0 ? parameters : null;
    };
}
const split = (path) => path.split('/').filter((part) => part !== '');
function decode(part) {
    try {
        return decodeURIComponent(part);
    }
    catch {
        return part;
    }
}
function compileSegment(text) {
    const [, star, name, constraints = '', mark, preset] = /^\{(\*{0,2})([^:?=}]+)((?::[^?=}]+)*)(\?)?(?:=([^}]*))?\}$/.exec(text) ?? [];
    if (name === undefined)
        return { kind: 'literal', text: text.toLowerCase() };
    if (star !== '')
        return { kind: 'rest', name };
    const tests = constraints
        .split(':')
        .filter((constraint) => constraint !== '')
        .map((constraint) => {
        const [, kind = '', argument = ''] = /^(\w+)(?:\((.*)\))?$/.exec(constraint) ?? [];
        const build = CONSTRAINTS[kind.toLowerCase()];
        if (build === undefined)
            throw new settings_1.FunctionInError(`Route constraint '${constraint}' isn't supported by this local host.`);
        return build(argument);
    });
    return {
        kind: 'parameter',
        name,
        tests,
        optional: mark !== undefined || preset !== undefined,
        ...(preset !== undefined && { preset }),
    };
}
//# sourceMappingURL=route.js.map