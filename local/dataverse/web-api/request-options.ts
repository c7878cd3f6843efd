import type { ApiRequest } from './api-request';
import type { OperationOptions } from '../rows/transactions';

/** Who acts by a Web API request: the application user, whom MSCRMCallerID lets act as another one. */
export function requestOptions(request: ApiRequest, applicationUserId: string): OperationOptions {
  const caller = request.headers.mscrmcallerid;
  return {
    user: typeof caller === 'string' ? caller.toLowerCase() : applicationUserId,
    initiatingUser: applicationUserId,
    userAgent: request.headers['user-agent'] ?? '',
    ...(request.tag === undefined ? {} : { tag: request.tag }),
  };
}
