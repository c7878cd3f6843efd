import { createDefaultHttpClient, type HttpClient } from '@azure/core-rest-pipeline';

/** How the pipelines of all table clients reach their accounts. */
export const tablesHttp: HttpClient = createDefaultHttpClient();
