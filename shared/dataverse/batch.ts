/**
 * Several operations in one request, as OData's `$batch` has them: multipart/mixed, each part an HTTP request or its answer.
 * https://learn.microsoft.com/power-apps/developer/data-platform/webapi/execute-batch-operations-using-web-api
 */

/** A request: one of its own, or part of a batch. */
export interface Operation {
  readonly method: 'GET' | 'POST' | 'PATCH' | 'DELETE';
  /** Below `/api/data/v9.2/`. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** What was answered to an operation. Names of headers are in lower case. */
export interface OperationAnswer {
  readonly status: number;
  readonly headers: ReadonlyMap<string, string>;
  readonly body: string;
}

const EOL = '\r\n';

/** The body of a batch. @param root of paths: `/api/data/v9.2/` */
export function writeBatch(operations: readonly Operation[], boundary: string, root: string): string {
  const parts = operations.map(({ method, path, headers, body }, at) =>
    [
      `--${boundary}`,
      'Content-Type: application/http',
      'Content-Transfer-Encoding: binary',
      `Content-ID: ${at + 1}`,
      '',
      `${method} ${root}${path} HTTP/1.1`,
      ...Object.entries(headers).map(([name, value]) => `${name}: ${value}`),
      ...(body === undefined ? [] : ['Content-Type: application/json']),
      '',
      body ?? '',
    ].join(EOL),
  );
  return [...parts, `--${boundary}--`, ''].join(EOL);
}

/**
 * The answers in the body of a batch's answer, in the order of the operations; undefined where the body is something else.
 *
 * It is as the Web API writes it: JSON has no line breaks in its texts, so no boundary is found inside one.
 */
export function readBatch(text: string): readonly OperationAnswer[] | undefined {
  const delimiter = /^--[^\r\n]+/.exec(text)?.[0];
  if (delimiter === undefined) return undefined;
  const pieces = `${EOL}${text}`.split(`${EOL}${delimiter}`);
  const end = pieces.findIndex((piece) => piece.startsWith('--'));
  if (end === -1) return undefined;
  const answers = pieces.slice(1, end).map((piece) => {
    const http = afterBlankLine(piece);
    const status = /^HTTP\/1\.1 (\d{3})/.exec(http)?.[1];
    return status === undefined ? undefined : answerIn(http, Number(status));
  });
  return answers.every((answer) => answer !== undefined) ? answers : undefined;
}

const BLANK_LINE = EOL + EOL;

function afterBlankLine(text: string): string {
  const at = text.indexOf(BLANK_LINE);
  return at === -1 ? '' : text.slice(at + BLANK_LINE.length);
}

function answerIn(http: string, status: number): OperationAnswer {
  const [, ...lines] = (http.split(BLANK_LINE, 1)[0] ?? '').split(EOL);
  const headers = lines.map((line): [string, string] => {
    const colon = line.indexOf(':');
    return [line.slice(0, colon).trim().toLowerCase(), line.slice(colon + 1).trim()];
  });
  return { status, headers: new Map(headers), body: afterBlankLine(http) };
}
