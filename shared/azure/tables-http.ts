import { createDefaultHttpClient, type HttpClient, type PipelineRequest } from '@azure/core-rest-pipeline';

/** Answers after which undici is loaded: more than the first event of a process needs, which shall not wait for that. */
const FIRST_ANSWERS = 32;

/**
 * An HTTP client of the pipelines that begins with the SDK's own, and goes on with undici, which takes half of its CPU, once the
 * process has proven to be busy. Through a proxy (HTTPS_PROXY, NO_PROXY) the SDK's own sends for good.
 */
export class TablesHttp implements HttpClient {
  readonly #first = createDefaultHttpClient();
  #answers = 0;
  #then: { readonly isPlain: (request: PipelineRequest) => boolean; readonly client: HttpClient } | undefined;

  async sendRequest(request: PipelineRequest): ReturnType<HttpClient['sendRequest']> {
    if (this.#then?.isPlain(request) === true) return this.#then.client.sendRequest(request);
    const response = await this.#first.sendRequest(request);
    if (request.agent === undefined && (this.#answers += 1) === FIRST_ANSWERS) void this.#load();
    return response;
  }

  /** Without undici all goes on as it was. */
  async #load(): Promise<void> {
    const loaded = await import('./undici-http.js').catch(() => undefined);
    if (loaded !== undefined) this.#then = { isPlain: loaded.isPlain, client: new loaded.UndiciHttp() };
  }
}

/** How the pipelines of all table clients reach their accounts. */
export const tablesHttp: HttpClient = new TablesHttp();
