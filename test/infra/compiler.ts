/**
 * The real Bicep compiler, as a process that answers many questions: it takes seconds to start and fractions of one to answer.
 * https://learn.microsoft.com/azure/azure-resource-manager/bicep/bicep-cli#jsonrpc
 */
import { describe } from '@jest/globals';
import { spawn } from 'node:child_process';
import {
  accessSync,
  constants,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import path from 'node:path';
import { createMessageConnection, StreamMessageReader, StreamMessageWriter } from 'vscode-jsonrpc/node';

const INFRA = path.join(__dirname, '../../infra');

/** The day of the pinned compiler's types: by it API versions are told to be old, not by the day on which a test runs. */
const TYPES_OF = '2026-11-04';

/** What a deployer has in the environment. */
const ENVIRONMENT = { DATAVERSE_URL: 'https://contoso.crm4.dynamics.com', ALERT_EMAIL: 'operator@contoso.com' };

/** A resource as a deployment would send it; what only Azure knows is an expression in brackets. */
export interface Resource {
  readonly id: string;
  readonly type: string;
  readonly name: string;
  readonly properties?: Readonly<Record<string, unknown>>;
  readonly [key: string]: unknown;
}

/** What a deployment would do. */
export interface Snapshot {
  readonly predictedResources: readonly Resource[];
  readonly diagnostics: readonly unknown[];
  readonly outputs: Readonly<Record<string, unknown>>;
}

/** One text of one file, replaced by another. */
export interface Change {
  readonly file: string;
  readonly from: string;
  readonly to: string;
}

/** A copy of `infra/`, changed or not. */
export interface Copy {
  readonly files: readonly string[];
  /** What the compiler says of a file and of those that it uses, as `file:line code message`, and the template it makes. */
  compile: (file: string) => Promise<{ readonly said: readonly string[]; readonly template: unknown }>;
  /** Whether `bicep format` would change a file. */
  isFormatted: (file: string) => Promise<boolean>;
  /** What a parameter file, or `main.bicep` with these parameters, would deploy. Fails with the sentence of `fail()`. */
  snapshot: (parameters: string | Readonly<Record<string, unknown>>) => Promise<Snapshot>;
}

/** The parameters that have no default. */
const LEAST = { name: 'dvo', dataverseUrl: ENVIRONMENT.DATAVERSE_URL, tables: ['account', 'contact'] };

function isProgram(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** BICEP, the first on PATH, or what `az bicep install` brought. */
const COMPILER =
  process.env.BICEP ||
  [...(process.env.PATH ?? '').split(path.delimiter), path.join(homedir(), '.azure/bin')]
    .map((folder) => path.join(folder, process.platform === 'win32' ? 'bicep.exe' : 'bicep'))
    .find(isProgram);

/** Tests that need the compiler; they say so where there is none. */
export function describeCompiled(title: string, body: () => void): void {
  if (COMPILER === undefined) process.stderr.write(`NOT RUN: ${title} needs the Bicep compiler (az bicep install)\n`);
  (COMPILER === undefined ? describe.skip : describe)(`${title}${COMPILER === undefined ? ': NOT RUN' : ''}`, body);
}

interface Diagnosed {
  readonly diagnostics: readonly {
    readonly source: string;
    readonly range: { readonly start: { readonly line: number } };
    readonly code: string;
    readonly message: string;
  }[];
  readonly contents?: string;
}

const literal = (value: unknown): string =>
  `json('${JSON.stringify(value)
    .replaceAll(/['\\]/g, String.raw`\$&`)
    .replaceAll('${', String.raw`\${`)}')`;

/** Starts the compiler. Copies of `infra/` are made as they are asked for, and gone when it ends. */
export async function startCompiler(): Promise<{ copy: (...changes: readonly Change[]) => Copy; end: () => void }> {
  const folder = mkdtempSync(path.join(tmpdir(), 'dvo-bicep-'));
  const child = spawn(COMPILER ?? '', ['jsonrpc', '--stdio'], {
    env: { ...process.env, ...ENVIRONMENT },
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const connection = createMessageConnection(
    new StreamMessageReader(child.stdout),
    new StreamMessageWriter(child.stdin),
  );
  connection.listen();
  const { version } = await connection.sendRequest<{ readonly version: string }>('bicep/version', {});
  const [, pinned = ''] =
    /<BicepVersion>(.+)</.exec(readFileSync(path.join(__dirname, 'compiler/compiler.csproj'), 'utf8')) ?? [];
  if (version.localeCompare(pinned, 'en', { numeric: true }) < 0)
    throw new Error(`The Bicep compiler is ${version}; the tests need ${pinned} or newer (az bicep upgrade).`);
  let copies = 0;

  const copy = (...changes: readonly Change[]): Copy => {
    const at = path.join(folder, String((copies += 1)));
    mkdirSync(at);
    cpSync(INFRA, at, { recursive: true });
    const pinDay = {
      file: 'bicepconfig.json',
      from: '"maxAgeInDays"',
      to: `"test-today": "${TYPES_OF}", "maxAgeInDays"`,
    };
    for (const { file, from, to } of [pinDay, ...changes]) {
      const text = readFileSync(path.join(at, file), 'utf8');
      if (!text.includes(from)) throw new Error(`${file} doesn't have ${from}`);
      writeFileSync(
        path.join(at, file),
        text.replace(from, () => to),
      );
    }
    const files = readdirSync(at, { recursive: true, encoding: 'utf8' }).filter((file) =>
      /\.bicep(?:param)?$/.test(file),
    );
    const ask = <T>(method: string, file: string, more = {}) =>
      connection.sendRequest<T>(`bicep/${method}`, { path: path.join(at, file), ...more });
    return {
      files,
      compile: async (file) => {
        const { diagnostics, contents } = await (file.endsWith('param')
          ? ask<Diagnosed>('compileParams', file, { parameterOverrides: {} })
          : ask<Diagnosed>('compile', file));
        return {
          said: diagnostics.map(
            ({ source, range, code, message }) =>
              `${path.relative(at, source)}:${range.start.line + 1} ${code} ${message}`,
          ),
          template: JSON.parse(contents ?? 'null') as unknown,
        };
      },
      isFormatted: async (file) =>
        (await ask<{ readonly contents: string }>('format', file)).contents ===
        readFileSync(path.join(at, file), 'utf8'),
      snapshot: async (parameters) => {
        let file = parameters;
        if (typeof file !== 'string') {
          const lines = Object.entries({ ...LEAST, ...file }).map(
            ([name, value]) => `param ${name} = ${literal(value)}`,
          );
          file = `test-${(copies += 1)}.bicepparam`;
          writeFileSync(path.join(at, file), ["using 'main.bicep'", ...lines].join('\n'));
        }
        const metadata = {
          subscriptionId: '00000000-0000-0000-0000-000000000001',
          resourceGroup: 'group',
          location: 'westeurope',
        };
        const { snapshot } = await ask<{ readonly snapshot: string }>('getSnapshot', file, { metadata });
        return JSON.parse(snapshot) as Snapshot;
      },
    };
  };

  const end = (): void => {
    connection.dispose();
    child.kill();
    rmSync(folder, { recursive: true, force: true });
  };
  return { copy, end };
}
