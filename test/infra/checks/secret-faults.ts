import type { Source, Sources } from '../bicep/source';
import { member, nodes, part, type Syntax } from '../bicep/syntax';

/** What a secret looks like: account keys, signatures, 32 bytes in base64. */
const LOOKS_LIKE_A_SECRET = /AccountKey=|SharedAccessKey=|\bsig=|[A-Za-z0-9+/]{43}=|-----BEGIN/;

/** Properties of resources that hold secrets, or are to be treated as if they did. */
const SECRET_PROPERTIES = [
  'ConnectionString',
  'InstrumentationKey',
  'primaryKey',
  'secondaryKey',
  'primaryConnectionString',
  'value',
];

const NAMES_A_SECRET = /(?:keys?|secret|password|token|connectionString)$/i;

/** Secrets in parameters that aren't secure, in outputs, or in the text. */
export function secretFaults(sources: Sources): string[] {
  return [...sources.values()].flatMap((source) => [
    ...textFaults(source),
    ...(source.isParameters ? [] : parameterFaults(source, sources)),
    ...outputFaults(source, sources),
  ]);
}

function textFaults(source: Source): string[] {
  return [...nodes(source.root)].flatMap(({ kind, text, line }) =>
    (kind === 'string' || kind === 'string_content') && LOOKS_LIKE_A_SECRET.test(text)
      ? [`${source.file}:${line}: this looks like a secret`]
      : [],
  );
}

/** Parameters whose name says that they are secret, or that go where secrets go, have to be secure. */
function parameterFaults(source: Source, sources: Sources): string[] {
  const open = new Set(source.parameters.filter(({ secure }) => !secure).map(({ name }) => name));
  const named = source.parameters.filter(
    ({ name, type, secure }) => !secure && type === 'string' && NAMES_A_SECRET.test(name),
  );
  const passed = source.modules.flatMap(({ file, params }) =>
    params.flatMap(({ key, value, line }) => {
      const secure = sources.get(file)?.parameters.some((parameter) => parameter.name === key && parameter.secure);
      return secure === true ? identifiers(value).flatMap((name) => (open.has(name) ? [{ name, line }] : [])) : [];
    }),
  );
  const stored = source.resources.flatMap(({ type, body, line }) => {
    const value = type.startsWith('Microsoft.KeyVault/vaults/secrets@')
      ? member(member(body, 'properties'), 'value')
      : undefined;
    return value === undefined ? [] : identifiers(value).flatMap((name) => (open.has(name) ? [{ name, line }] : []));
  });
  const literalDefaults = source.parameters.filter(
    ({ secure, value }) => secure && value !== undefined && value.text !== "''",
  );
  return [
    ...[...named, ...passed, ...stored].map(({ name, line }) => `${source.file}:${line}: ${name} must be @secure()`),
    ...literalDefaults.map(({ name, line }) => `${source.file}:${line}: the secret ${name} must have no default`),
  ];
}

function outputFaults(source: Source, sources: Sources): string[] {
  return source.outputs.flatMap(({ name, value, line }) => {
    const found = secretIn(value, source, sources);
    return found === undefined ? [] : [`${source.file}:${line}: the output ${name} holds ${found}`];
  });
}

/** Why an expression is secret; undefined: it isn't. */
function secretIn(expression: Syntax, source: Source, sources: Sources): string | undefined {
  for (const node of nodes(expression)) {
    if (node.kind === 'identifier') {
      if (source.parameters.some(({ name, secure }) => name === node.text && secure)) return `the secret ${node.text}`;
      const variable = source.variables.find(({ name }) => name === node.text);
      const found = variable && secretIn(variable.value, source, sources);
      if (found !== undefined) return found;
    }
    if (node.kind === 'member_expression' && SECRET_PROPERTIES.includes(part(node, 'property')?.text ?? ''))
      return node.text;
    if (node.kind === 'call_expression' && /list\w+$/.test(part(node, 'function')?.text ?? '')) return node.text;
  }
  return undefined;
}

const identifiers = (expression: Syntax): string[] =>
  [...nodes(expression)].flatMap(({ kind, text }) => (kind === 'identifier' ? [text] : []));
