import type { Parameter, Source, Sources } from '../bicep/source';
import { literal, type Syntax } from '../bicep/syntax';
import { kindOf, literalText, typeOf } from '../bicep/type-of';

/** Parameters that are missing, unknown, of another type or out of their limits: of modules, and of parameter files. */
export function callFaults(sources: Sources): string[] {
  return [...sources.values()].flatMap((source) => [
    ...source.modules.flatMap((call) => {
      const called = sources.get(call.file);
      const at = `${source.file}:${call.line}: `;
      if (called === undefined) return [`${at}there is no ${call.file}`];
      const given = call.params.map(({ key, value }) => ({ name: key ?? '', value }));
      return parameterFaults(called, given, source, sources).map((fault) => `${at}${call.symbol}: ${fault}`);
    }),
    ...(source.using === undefined ? [] : usingFaults(source, source.using, sources)),
    ...declarationFaults(source, sources),
  ]);
}

function usingFaults(source: Source, using: string, sources: Sources): string[] {
  const main = sources.get(using);
  if (main === undefined) return [`${source.file}: there is no ${using}`];
  const given = source.parameters.flatMap(({ name, value }) => (value === undefined ? [] : [{ name, value }]));
  return parameterFaults(main, given, source, sources).map((fault) => `${source.file}: ${fault}`);
}

function parameterFaults(
  called: Source,
  given: readonly { readonly name: string; readonly value: Syntax }[],
  source: Source,
  sources: Sources,
): string[] {
  const names = given.map(({ name }) => name);
  const missing = called.parameters.filter(({ name, value }) => value === undefined && !names.includes(name));
  return [
    ...missing.map(({ name }) => `${name} is missing`),
    ...given.flatMap(({ name, value }) => {
      const parameter = called.parameters.find((each) => each.name === name);
      if (parameter === undefined) return [`${called.file} has no parameter ${name}`];
      return [...typeFault(parameter.type, value, name, source, sources), ...limitFaults(parameter, value)];
    }),
  ];
}

/** Defaults and outputs that aren't what their type says, limits that the default breaks, conditions that aren't yes or no. */
function declarationFaults(source: Source, sources: Sources): string[] {
  const at = (line: number) => (fault: string) => `${source.file}:${line}: ${fault}`;
  return [
    ...(source.isParameters ? [] : source.parameters).flatMap((parameter) =>
      parameter.value === undefined
        ? []
        : [
            ...typeFault(parameter.type, parameter.value, parameter.name, source, sources),
            ...limitFaults(parameter, parameter.value),
          ].map(at(parameter.line)),
    ),
    ...source.outputs.flatMap(({ name, type, value, line }) =>
      typeFault(type ?? '', value, name, source, sources).map(at(line)),
    ),
    ...[...source.resources, ...source.modules].flatMap(({ symbol, condition, line }) =>
      condition === undefined
        ? []
        : typeFault('bool', condition, `the condition of ${symbol}`, source, sources).map(at(line)),
    ),
  ];
}

function typeFault(type: string, value: Syntax, name: string, source: Source, sources: Sources): string[] {
  const found = typeOf(value, source, sources);
  return found === undefined || found === kindOf(type) ? [] : [`${name} must be ${type}, and is ${found}`];
}

function limitFaults({ name, allowed, least = -Infinity, most = Infinity }: Parameter, value: Syntax): string[] {
  const text = literalText(value);
  if (text === undefined) return [];
  const values = allowed?.map(literalText);
  const size = value.kind === 'number' ? Number(value.text) : (literal(value)?.length ?? 0);
  return [
    ...(values?.includes(text) === false ? [`${name} must be one of ${values.join(', ')}`] : []),
    ...(size < least || size > most ? [`${name} must be from ${least} to ${most}`] : []),
  ];
}
