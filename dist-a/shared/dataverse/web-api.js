"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.tokenExpired = exports.columnUnknown = exports.rowIsMissing = exports.WebApi = exports.ForeignLink = exports.WebApiError = exports.CHANGING = exports.LONG = exports.QUICK = void 0;
const core_rest_pipeline_1 = require("@azure/core-rest-pipeline");
const node_stream_1 = require("node:stream");
const errors_1 = require("../errors");
const rate_budget_1 = require("./rate-budget");
/**
 * For what someone waits for: a webhook (60 s) or a message's lock. What takes longer is parked and tried again.
 */
exports.QUICK = { attemptMs: 10_000, totalMs: 15_000 };
/** For a page of thousands of rows, which nobody but the pull waits for. */
exports.LONG = { attemptMs: 60_000, totalMs: 300_000, urgency: 'patient' };
/** For a change of a table's definition, and publishing it. */
exports.CHANGING = { attemptMs: 300_000, totalMs: 600_000 };
/** Shortest time between two sign-ins that a 401 causes, in milliseconds. */
const RENEW_EVERY_MS = 10_000;
/** Thrown when the Web API answers with an error, or (after the retries) not at all. */
class WebApiError extends errors_1.OutboundError {
    request;
    status;
    platformCode;
    dateMs;
    code = 'web-api';
    disposition;
    constructor(
    /** What was asked for, without query values: `GET accounts(…)`. */
    request, 
    /** HTTP status; 0 when no answer came. */
    status, 
    /** The platform's own code (`0x80040217`), empty where it sends none. */
    platformCode, text, 
    /** The answer's Date header, milliseconds since 1970; undefined when no answer came. */
    dateMs, options) {
        super(`${request} answered ${status === 0 ? 'nothing' : status}: ${text}${hintFor(status, request)}`, options);
        this.request = request;
        this.status = status;
        this.platformCode = platformCode;
        this.dateMs = dateMs;
        // A request that Dataverse calls wrong stays wrong; all else (token, privilege, throttling, outage) can be mended.
        this.disposition = status === 400 || status === 404 ? 'park' : 'retry';
    }
}
exports.WebApiError = WebApiError;
const hintFor = (status, request) => {
    if (status === 401)
        return ' Check the application registration, its secret or certificate, and DATAVERSE_URL.';
    if (!request.startsWith('GET '))
        return status === 403 ? MAY_CUSTOMISE : '';
    if (status === 403)
        return ' Give the application user a security role with organisation-level read on this table.';
    return '';
};
/** https://learn.microsoft.com/power-platform/admin/miscellaneous-privileges */
const MAY_CUSTOMISE = ' Give the application user the privileges to change tables and to publish (prvWriteEntity, prvWriteCustomization, ' +
    'prvPublishCustomization; the role System Customizer has them), or use an application that has them.';
/** Thrown when a link in an answer leads to another host: it is not followed, since the token would go with it. */
class ForeignLink extends errors_1.OutboundError {
    code = 'foreign-link';
    disposition = 'park';
    constructor(host, expected) {
        super(`A link in an answer of the Web API leads to ${host} instead of ${expected}. It was not followed.`);
    }
}
exports.ForeignLink = ForeignLink;
/**
 * Dataverse's Web API as far as this app needs it: authenticated GETs within one budget, retried as the platform asks. The
 * app changes nothing; the operator's CLI changes a table's definition.
 *
 * Answers stay text, so that whoever parses them can keep numbers exact (docs/pull.md compares with `dynamics-web-api`).
 * https://learn.microsoft.com/power-apps/developer/data-platform/webapi/compose-http-requests-handle-errors
 * https://learn.microsoft.com/power-apps/developer/data-platform/api-limits
 */
class WebApi {
    options;
    #base;
    #http = (0, core_rest_pipeline_1.createDefaultHttpClient)();
    #budget;
    #calls = new WeakMap();
    #bodies = new WeakMap();
    #pipeline;
    #signedInAt = Number.NEGATIVE_INFINITY;
    constructor(options) {
        this.options = options;
        this.#base = new URL('/api/data/v9.2/', options.url);
        this.#budget = options.budget ?? new rate_budget_1.RateBudget();
        this.#pipeline = this.#signIn();
    }
    #signIn() {
        const pipeline = (0, core_rest_pipeline_1.createPipelineFromOptions)({
            retryOptions: { maxRetries: this.options.maxRetries ?? 5, retryDelayInMs: 500, maxRetryDelayInMs: 30_000 },
            userAgentOptions: { userAgentPrefix: 'dataverse-outbound' },
            // A redirect would carry the token elsewhere.
            redirectOptions: { maxRetries: 0 },
        });
        const credential = this.options.credential();
        pipeline.addPolicy((0, core_rest_pipeline_1.bearerTokenAuthenticationPolicy)({ credential, scopes: `${this.#base.origin}/.default` }), {
            phase: 'Sign',
        });
        // Last of all: whatever is sent, for whatever reason, keeps to the budget.
        pipeline.addPolicy(this.#keepToBudget(), { phase: 'Sign', afterPolicies: [core_rest_pipeline_1.bearerTokenAuthenticationPolicyName] });
        return pipeline;
    }
    #keepToBudget() {
        return {
            name: 'rateBudget',
            sendRequest: async (request, next) => {
                const call = this.#calls.get(request);
                if (call === undefined)
                    return next(request);
                const leave = await this.#budget.enter(call);
                try {
                    const sentMs = this.#budget.nowMs;
                    const response = await next(request);
                    const body = await bodyOf(response, call.signal);
                    if (response.status === 200)
                        this.#bodies.set(request, body);
                    else
                        response.bodyAsText = body.toString();
                    if (response.status === 429)
                        this.#budget.refused(call, refusalOf(response, sentMs, this.#budget.nowMs));
                    if (request.method !== 'GET' && response.status >= 500)
                        throw errorFrom(call.what, response);
                    return response;
                }
                catch (error) {
                    // What may have been carried out isn't sent again: no retry takes up an error of ours.
                    throw request.method === 'GET' || error instanceof errors_1.OutboundError ? error : noAnswer(call.what, error);
                }
                finally {
                    leave();
                }
            },
        };
    }
    /** The environment's host, for logs. */
    get host() {
        return this.#base.host;
    }
    /** GETs a path below `/api/data/v9.2/`, or an absolute link that the Web API gave. */
    async get(pathOrLink, prefer = [], limits = exports.QUICK) {
        return textOf(await this.#request('GET', pathOrLink, limits, readHeaders(prefer)));
    }
    /** GETs a page of many rows, which nobody waits for but whoever asks; it is called off with the signal. */
    getPage(pathOrLink, prefer, signal) {
        return this.#request('GET', pathOrLink, exports.LONG, readHeaders(prefer), undefined, signal);
    }
    /** GETs a definition as it is now, past the platform's caches. */
    async getCurrent(path) {
        return textOf(await this.#request('GET', path, exports.QUICK, { ...readHeaders([]), Consistency: 'Strong' }));
    }
    /**
     * Changes something. Sent again only if it surely wasn't carried out (401, 429): without an answer, or with a 5xx, nobody
     * knows whether it was.
     */
    async change(method, path, body, headers = {}) {
        await this.#request(method, path, exports.CHANGING, { 'Content-Type': 'application/json', ...headers }, JSON.stringify(body));
    }
    async #request(method, pathOrLink, limits, headers, content, calledOff) {
        const url = new URL(pathOrLink, this.#base);
        if (url.origin !== this.#base.origin)
            throw new ForeignLink(url.host, this.#base.host);
        const what = `${method} ${decodeURIComponent(url.pathname).split('/').slice(4).join('/')}`;
        const timeUp = AbortSignal.timeout(limits.totalMs);
        const abortSignal = calledOff === undefined ? timeUp : AbortSignal.any([timeUp, calledOff]);
        const request = (0, core_rest_pipeline_1.createPipelineRequest)({
            method,
            ...(content === undefined ? {} : { body: content }),
            // The link goes out as it came: re-encoding it can break its token.
            url: pathOrLink.startsWith('https://') ? pathOrLink : url.href,
            timeout: limits.attemptMs,
            abortSignal,
            // Bodies are read here (see bodyOf).
            streamResponseStatusCodes: new Set([Number.POSITIVE_INFINITY]),
            headers: (0, core_rest_pipeline_1.createHttpHeaders)({
                Accept: 'application/json',
                'OData-MaxVersion': '4.0',
                'OData-Version': '4.0',
                ...headers,
            }),
        });
        this.#calls.set(request, {
            what,
            urgency: limits.urgency ?? 'quick',
            deadlineMs: this.#budget.nowMs + limits.totalMs,
            signal: abortSignal,
        });
        const pipeline = this.#pipeline;
        let response = await this.#send(pipeline, request, what);
        // Of several callers that are refused together one signs in again, and all of them send once more.
        if (response.status === 401 && (this.#pipeline !== pipeline || this.#mayRenew())) {
            if (this.#pipeline === pipeline)
                this.#pipeline = this.#signIn();
            response = await this.#send(this.#pipeline, request, what);
        }
        const isDone = response.status === 200 || (method !== 'GET' && response.status === 204);
        if (!isDone)
            throw errorFrom(what, response);
        return { bytes: this.#bodies.get(request) ?? Buffer.alloc(0), dateMs: dateOf(response) };
    }
    async #send(pipeline, request, what) {
        try {
            return await pipeline.sendRequest(this.#http, request);
        }
        catch (error) {
            throw error instanceof errors_1.OutboundError ? error : noAnswer(what, error);
        }
    }
    /** A token can become worthless before it expires; but wrong settings shouldn't ask for a new one at every request. */
    #mayRenew() {
        if (performance.now() - this.#signedInAt < RENEW_EVERY_MS)
            return false;
        this.#signedInAt = performance.now();
        return true;
    }
}
exports.WebApi = WebApi;
const readHeaders = (prefer) => ({
    'If-None-Match': 'null',
    ...(prefer.length > 0 ? { Prefer: prefer.join(',') } : {}),
});
const textOf = ({ bytes, dateMs }) => ({ body: bytes.toString(), dateMs });
/**
 * The whole body. The HTTP client would wait for ever for one that is compressed and breaks off: what it unpacks from never
 * hears of it. This ends with the signal.
 */
async function bodyOf({ readableStreamBody }, signal) {
    const pieces = [];
    if (readableStreamBody instanceof node_stream_1.Readable) {
        for await (const piece of (0, node_stream_1.addAbortSignal)(signal, readableStreamBody))
            pieces.push(piece);
    }
    return Buffer.concat(pieces);
}
/** By the platform's codes, which come as hexadecimal text; older texts have them as decimal numbers. */
const REFUSALS = [
    [/0x80072322|-2147015902/i, 'requests'],
    [/0x80072321|-2147015903/i, 'executionTime'],
    [/0x80072326|-2147015898/i, 'concurrency'],
];
/** Where a 429 doesn't say how long to wait: a proxy's, say. */
const UNTOLD_WAIT_MS = 1000;
function refusalOf({ headers, bodyAsText }, sentMs, nowMs) {
    const told = headers.get('Retry-After') ?? '';
    const waitMs = /^\d+$/.test(told) ? Number(told) * 1000 : Date.parse(told) - nowMs;
    return {
        kind: REFUSALS.find(([code]) => code.test(bodyAsText ?? ''))?.[1] ?? 'unknown',
        retryAfterMs: Number.isNaN(waitMs) ? UNTOLD_WAIT_MS : Math.max(0, waitMs),
        sentMs,
    };
}
const dateOf = ({ headers }) => Date.parse(headers.get('Date') ?? '') || Date.now();
const noAnswer = (what, error) => new WebApiError(what, 0, '', (0, errors_1.messageOf)(error), undefined, { cause: error });
function errorFrom(what, response) {
    let code = '';
    let message = 'no error text';
    try {
        const { error } = JSON.parse(response.bodyAsText ?? '');
        if (typeof error?.code === 'string')
            code = error.code;
        if (typeof error?.message === 'string')
            message = error.message;
    }
    catch {
        // A proxy's page instead of OData: the status has to do.
    }
    return new WebApiError(what, response.status, code, `${code} ${message}`.trim(), dateOf(response));
}
/** ObjectDoesNotExist: the row is gone. A 404 for another reason (a table unknown to the Web API) is no delete. */
const rowIsMissing = (error) => error instanceof WebApiError &&
    error.status === 404 &&
    (error.platformCode === '0x80040217' || (error.platformCode === '' && /does not exist/i.test(error.message)));
exports.rowIsMissing = rowIsMissing;
/** A column that was asked for is no longer there: the table's definition at hand is older than the table. */
const columnUnknown = (error) => error instanceof WebApiError &&
    error.status === 400 &&
    (/^0x80060888$/i.test(error.platformCode) || /could not find a property named/i.test(error.message));
exports.columnUnknown = columnUnknown;
/**
 * The change-tracking token is too old, or the table's definition has changed since. The HTTP status isn't documented, so
 * the code and the text decide.
 */
const tokenExpired = (error) => error instanceof WebApiError &&
    (error.status === 410 ||
        /^0x80044352$/i.test(error.platformCode) ||
        error.platformCode === '-2147204270' ||
        /version stamp associated with the client has expired/i.test(error.message));
exports.tokenExpired = tokenExpired;
//# sourceMappingURL=web-api.js.map