'use strict';
const { app } = require('@azure/functions');

app.setup({ enableHttpStream: true });

app.http('echo', {
  route: 'echo/{id}',
  methods: ['POST'],
  handler: async (request) => ({ body: `${request.params.id}:${request.query.get('q')}:${await request.text()}` }),
});

app.http('boom', {
  methods: ['GET'],
  handler: () => {
    throw new Error('boom');
  },
});
