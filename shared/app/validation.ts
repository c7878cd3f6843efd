/** Composes `validate`, with its rules and their engine: loaded only where there is a rules file. */
import type { HttpHandler } from '@azure/functions';
import { readValidate, unjudgedOf } from './rules-settings';
import { takenIn } from '../rules/unique-in-store';
import { Validation } from '../rules/validate';
import { VALIDATE_DEFAULTS, VALIDATE_ENDPOINT } from '../rules/validate-endpoint';
import { environment } from '../settings/environment';
import { logTo } from '../telemetry/log';
import { endsInTime } from './deadline';
import { appConfig, appStore, sayFaultsOf } from './services';

/** The handler of `validate`; what is wrong with its settings is said now. */
export function openValidation(): HttpHandler {
  const { name } = VALIDATE_ENDPOINT;
  const config = readValidate(environment(), appConfig().core);
  sayFaultsOf(name, [config]);
  const validation = new Validation({ config, unjudged: unjudgedOf(environment()), takenIn: takenIn(appStore) });
  const limitMs = config.ok ? config.value.deadlineMs : VALIDATE_DEFAULTS.deadlineMs;
  return answersInTime(validation, limitMs);
}

/** The handler whose answer comes in time: what is too late is neither answered, logged nor counted. */
export function answersInTime(validation: Validation, limitMs: number): HttpHandler {
  const inTime = endsInTime(VALIDATE_ENDPOINT.name, limitMs, validation.outcomeOf, validation.tookTooLong);
  return async (request, context) => validation.answerTo(await inTime(request, context), logTo(context));
}
