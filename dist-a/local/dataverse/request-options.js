"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.requestOptions = requestOptions;
/** Who acts by a Web API request: the application user, whom MSCRMCallerID lets act as another one. */
function requestOptions(request, applicationUserId) {
    const caller = request.headers.mscrmcallerid;
    return {
        user: typeof caller === 'string' ? caller.toLowerCase() : applicationUserId,
        initiatingUser: applicationUserId,
        userAgent: request.headers['user-agent'] ?? '',
        ...(request.tag === undefined ? {} : { tag: request.tag }),
    };
}
//# sourceMappingURL=request-options.js.map