import type { Command } from 'commander';
import { InvalidArgumentError } from 'commander';
import type { Context } from '../../../shared/context/context';
import type { ContextFormat } from '../../../shared/context/format';
import { CONTEXT_FORMATS } from '../../../shared/context/format';
import { environment } from '../../../shared/settings/environment';
import { readPush, type Push } from '../../../shared/context/read-push';
import { arrivalBound, type Delivery } from '../../../shared/context/messages/pushed-event';
import { explainChanges, explainPush, toldBy } from './explain-context';
import { type Told } from './mapped-change';
import { mappedChange, mappingAt } from './mapped-change';
import { plainJson } from '../terminal/output';
import { bodyOf, type Terminal } from '../terminal/terminal';

interface ParseOptions {
  readonly explain?: true;
  readonly full?: true;
  readonly format?: ContextFormat;
  readonly fullImage?: string;
  readonly truncated?: true;
  readonly mapping?: string;
}

const formatArgument = (text: string): ContextFormat => {
  const format = CONTEXT_FORMATS.find((known) => known === text);
  if (format === undefined) throw new InvalidArgumentError(`It must be one of ${CONTEXT_FORMATS.join(', ')}.`);
  return format;
};

/** Every member of a context, its parents' too: getters are not own members, so they are named. */
function wholeOf(context: Context): object {
  const { inputParameters, outputParameters, sharedVariables, preImages, postImages, parent } = context;
  const maps = { inputParameters, outputParameters, sharedVariables, preImages, postImages };
  const read = Object.entries(maps).map(([name, map]): readonly [string, unknown] => [
    name,
    map && new Map<string, unknown>(map),
  ]);
  const scalars = {
    form: context.form,
    message: context.message,
    stage: context.stage,
    mode: context.mode,
    depth: context.depth,
    table: context.table,
    rowId: context.rowId,
    secondaryTable: context.secondaryTable,
    operationCreatedOn: new Date(context.operationCreatedOn).toISOString(),
    operationCreatedOnOffset: context.operationCreatedOnOffset,
    correlationId: context.correlationId,
    operationId: context.operationId,
    requestId: context.requestId,
    userId: context.userId,
    initiatingUserId: context.initiatingUserId,
    initiatingUserAgent: context.initiatingUserAgent,
    userEntraId: context.userEntraId,
    initiatingUserEntraId: context.initiatingUserEntraId,
    businessUnitId: context.businessUnitId,
    organizationId: context.organizationId,
    organizationName: context.organizationName,
    isInTransaction: context.isInTransaction,
    isExecutingOffline: context.isExecutingOffline,
    isOfflinePlayback: context.isOfflinePlayback,
    isolationMode: context.isolationMode,
    owningExtension: context.owningExtension,
  };
  return { ...scalars, ...Object.fromEntries(read), parent: parent === null ? null : wholeOf(parent) };
}

const jsonOf = (push: Push, changes: readonly Told[] | null, full: boolean): string => {
  if (!full) return plainJson(changes);
  return plainJson(
    push.kind === 'notice' ? { notice: push.notice, changes } : { context: wholeOf(push.context), changes },
  );
};

async function parse(terminal: Terminal, file: string, options: ParseOptions): Promise<void> {
  const body = await bodyOf(terminal, file);
  const push = readPush(body, options.format === undefined ? {} : { format: options.format });
  const show = (changes: readonly Told[] | null): void => {
    const words = [explainPush(push), ...(changes === null ? [] : [explainChanges(changes)])];
    if (options.explain === true) terminal.out(`${words.join('\n')}\n`);
    if (options.full === true || (options.explain !== true && changes !== null)) {
      terminal.out(`${jsonOf(push, changes, options.full === true)}\n`);
    }
  };
  const delivery: Delivery = {
    source: 'cli',
    body,
    notAfter: arrivalBound(Date.now()),
    ...(options.fullImage === undefined ? {} : { fullImageAlias: options.fullImage }),
    ...(options.truncated === undefined ? {} : { truncated: options.truncated }),
  };
  const mapping = options.mapping === undefined ? undefined : mappingAt(options.mapping, environment());
  let changes: readonly Told[];
  try {
    changes = toldBy(push, delivery);
  } catch (error) {
    // What can't become changes can still be looked at.
    show(null);
    throw error;
  }
  show(
    mapping === undefined ? changes : changes.map((change) => ({ ...change, stored: mappedChange(mapping, change) })),
  );
}

/** `dvo parse`: what the app makes of a context that was pushed or parked. */
export function addParseCommand(program: Command, terminal: Terminal): void {
  program
    .command('parse')
    .description('print what a pushed execution context or notice means: changes, or an event')
    .argument('<file>', 'the body as it was received, or - for standard input')
    .option('--explain', 'explain it in words instead')
    .option('--full', 'also print the whole context or notice')
    .option('--format <format>', `read the body as ${CONTEXT_FORMATS.join(', ')} (default: detected)`, formatArgument)
    .option('--full-image <alias>', 'treat this post-image as the full row')
    .option(
      '--mapping <file>',
      'also show what this mapping file stores (without metadata; REDACTION_KEY is the key of hashes)',
    )
    .option('--truncated', 'treat the body as one from which Dataverse removed members for size')
    .action(async (file: string, options: ParseOptions) => parse(terminal, file, options));
}
