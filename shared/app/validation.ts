/** Composes `validate`, with its rules and their engine: loaded only where there is a rules file. */
import type { HttpHandler } from '@azure/functions';
import { readValidate, unjudgedOf } from './rules-settings';
import { takenIn } from '../rules/unique-in-store';
import { Validation } from '../rules/validate';
import { VALIDATE_DEFAULTS, VALIDATE_ENDPOINT } from '../rules/validate-endpoint';
import { environment } from '../settings/environment';
import { endsInTime } from './deadline';
import { appConfig, appStore, sayFaultsOf } from './services';

/** The handler of `validate`; what is wrong with its settings is said now. */
export function openValidation(): HttpHandler {
  const { name } = VALIDATE_ENDPOINT;
  const config = readValidate(environment(), appConfig().core);
  sayFaultsOf(name, [config]);
  const validation = new Validation({ config, unjudged: unjudgedOf(environment()), takenIn: takenIn(appStore) });
  const limitMs = config.ok ? config.value.deadlineMs : VALIDATE_DEFAULTS.deadlineMs;
  return endsInTime(name, limitMs, validation.handler, validation.tookTooLong);
}
