/**
 * Ends the start with a clear line under a Node.js that is too old. Imported first, and imports nothing: what is loaded after
 * it may fail under an old Node.js in its own way. The worker would then register no function and hardly say why.
 * `startApp.ts` in https://github.com/Azure/azure-functions-nodejs-worker
 */

/** As in package.json (`engines`). */
const OLDEST = 22;

const { node } = process.versions;
if (Number(node.split('.')[0]) < OLDEST) {
  const fault =
    `Node.js ${node} is too old: this app needs Node.js ${OLDEST} or newer, and no function is registered. ` +
    `In Azure set the runtime version of the function app; for "func start" put a newer node first in PATH.`;
  console.error(`misconfigured ${JSON.stringify({ event: 9001, level: 'error', faults: [fault] })}`);
  throw new Error(fault);
}
