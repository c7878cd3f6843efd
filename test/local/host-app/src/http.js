'use strict';
const { resourceLimits } = require('node:worker_threads');
const { app } = require('@azure/functions');

app.http('echo', {
  route: 'echo/{id:int}/{part?}',
  methods: ['GET', 'POST'],
  handler: async (request, context) => {
    context.log('echo called');
    const body = await request.text();
    return {
      status: 201,
      headers: { 'x-kind': 'echo' },
      cookies: [{ name: 'seen', value: 'a b', httpOnly: true }],
      jsonBody: { url: request.url, params: request.params, query: Object.fromEntries(request.query), body },
    };
  },
});

app.http('bytes', {
  methods: ['POST'],
  handler: async (request) => ({ body: Buffer.from(await request.arrayBuffer()).reverse() }),
});

app.http('boom', {
  methods: ['GET'],
  handler: () => {
    throw new Error('boom');
  },
});

app.http('heap', {
  methods: ['GET'],
  handler: () => ({ jsonBody: { ...resourceLimits, flags: process.execArgv } }),
});

app.http('nothing', { methods: ['GET'], handler: () => undefined });
app.http('secured', { methods: ['GET'], authLevel: 'function', handler: () => ({ body: 'in' }) });

app.http('slow', {
  methods: ['GET'],
  handler: async () => {
    console.log('slow begins');
    await new Promise((resolve) => setTimeout(resolve, 800));
    return { body: 'slow but whole' };
  },
});

app.http('headers', {
  methods: ['GET'],
  handler: (request, context) => context.log(`x-twice ${request.headers.get('x-twice')}`),
});

let count = 0;
app.http('count', { methods: ['GET'], handler: () => ({ body: String(++count) }) });

app.http('stray', {
  methods: ['GET'],
  handler: async () => {
    Promise.reject(new Error('stray'));
    await new Promise((resolve) => setTimeout(resolve, 800));
    return { body: 'alive' };
  },
});

app.http('hang', { methods: ['GET'], handler: () => new Promise(() => undefined) });

app.http('off', { methods: ['GET'], handler: () => ({ body: 'never' }) });

app.hook.appStart(() => console.log('hook appStart'));
app.hook.appTerminate(() => console.log('hook appTerminate'));
app.hook.preInvocation((hook) => {
  hook.hookData.began = true;
});
app.hook.postInvocation((hook) => {
  hook.invocationContext.debug(`hook postInvocation began=${String(hook.hookData.began)}`);
});
