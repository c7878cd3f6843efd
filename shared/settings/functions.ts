import type { Environment } from './environment';

/** The app's functions. */
export const FUNCTION_NAMES = [
  'webhook',
  'validate',
  'service-bus-queue',
  'service-bus-topic',
  'event-hub',
  'pull-sync',
  'replay-parked',
  'inbound-queue',
  'inbound-sql',
] as const;

/** Name of one of the app's functions. */
export type FunctionName = (typeof FUNCTION_NAMES)[number];

/**
 * Named in DISABLED_FUNCTIONS, so that it isn't even registered. The platform's own setting has the function's name in its
 * name, and on Linux no name of a setting may hold a hyphen ("function names that contain a hyphen can't be disabled when
 * running on Linux plan", https://github.com/Azure/azure-functions-python-worker/issues/1308).
 */
export const isLeftOut = (environment: Environment, functionName: FunctionName): boolean =>
  (environment.DISABLED_FUNCTIONS ?? '').split(/[\s,]+/).includes(functionName);
