import { basename } from 'node:path';
import { readWebApiConfig } from '../../../shared/app/config';
import { environment } from '../../../shared/settings/environment';
import type { WebApi } from '../../../shared/dataverse/web-api';
import { webApi } from '../../../shared/app/services';
import type { FaultPlace } from '../../../shared/yaml/yaml-file';
import type { Declaration } from '../../registration/declaration-schema';
import { readDeclaration, readOwner, type Chosen, type ReadDeclaration } from '../../registration/read-declaration';
import { settingsOf, UsageError, type Terminal } from '../terminal/terminal';

/** Which file and which of its environments. */
export interface DeclarationFlags {
  readonly file: string;
  readonly environment?: string;
}

/** A declaration, and the environment that it is for. */
export interface OpenDeclaration {
  readonly declaration: Declaration;
  readonly at: FaultPlace;
  readonly api: WebApi;
}

/** Reads a declaration and finds its environment. @throws UsageError with every fault of the file */
export const openDeclaration = (terminal: Terminal, flags: DeclarationFlags): Promise<OpenDeclaration> =>
  open(terminal, flags, readDeclaration);

/** Reads only whose declaration it is, and finds its environment. @throws UsageError */
export const openOwner = (terminal: Terminal, flags: DeclarationFlags): Promise<OpenDeclaration> =>
  open(terminal, flags, readOwner);

async function open(
  terminal: Terminal,
  { file, environment: chosen }: DeclarationFlags,
  read: (name: string, text: string, chosen: Chosen) => ReadDeclaration,
): Promise<OpenDeclaration> {
  const found = read(basename(file), await textOf(terminal, file), {
    ...(chosen === undefined ? {} : { environment: chosen }),
    variables: environment(),
  });
  if (!found.ok) throw new UsageError(found.faults.join('\n     '));
  const url = chosen === undefined ? undefined : found.file.environments?.[chosen]?.url;
  return { declaration: found.file, at: found.at, api: environmentAt(url) };
}

async function textOf(terminal: Terminal, file: string): Promise<string> {
  try {
    return Buffer.from(await terminal.readFile(file)).toString();
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? 'unknown fault';
    throw new UsageError(
      `${file} can't be read (${code}); start with a copy of docs/dataverse.sample.yaml (docs/connect.md#the-declaration-file)`,
      {
        cause: error,
      },
    );
  }
}

/**
 * The environment at this address, or that of DATAVERSE_URL, with the settings beside it. @throws UsageError where both are
 * given and name different ones: nothing shall be registered where nobody meant it
 */
export function environmentAt(url?: string): WebApi {
  const settings = environment();
  const { DATAVERSE_URL: set = '' } = settings;
  if (url !== undefined && !URL.canParse(url))
    throw new UsageError("the environment's url must be https://ORG.crm4.dynamics.com");
  if (url !== undefined && URL.canParse(set) && new URL(set).origin !== new URL(url).origin)
    throw new UsageError(
      `the declaration's environment is ${new URL(url).host}, but DATAVERSE_URL is ${new URL(set).host}`,
    );
  const [config] = settingsOf(readWebApiConfig(url === undefined ? settings : { ...settings, DATAVERSE_URL: url }));
  return webApi(config);
}
