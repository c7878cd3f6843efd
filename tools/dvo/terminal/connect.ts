import { readWebApiConfig } from '../../../shared/app/config';
import { environment } from '../../../shared/settings/environment';
import type { WebApi } from '../../../shared/dataverse/web-api';
import { webApi } from '../../../shared/app/services';
import { readWritingDataverse } from '../../../shared/settings/inbound';
import { UsageError, settingsOf } from './terminal';

/** The Web API of the environment that the settings name. @throws UsageError */
export function connect(): WebApi {
  const settings = environment();
  const section = readWebApiConfig(settings);
  // Who operates is a person mostly, and hasn't got an application's secret.
  const isUnsaid = (settings.DATAVERSE_AUTH?.trim() ?? '') === '';
  if (!section.ok && isUnsaid && section.faults.some((fault) => /^DATAVERSE_(?:TENANT|CLIENT)_/.test(fault)))
    throw new UsageError(
      `${section.faults.join('; ')}; or set DATAVERSE_AUTH=azure-cli to use the sign-in of az login`,
    );
  const [config] = settingsOf(section);
  return webApi(config);
}

/** The same as whoever writes; `reading` where that is no other. @throws UsageError */
export function connectToWrite(reading: WebApi): WebApi {
  const { value, faults } = readWritingDataverse(environment());
  if (value === undefined) throw new UsageError(faults.join('; '));
  return value === 'same' ? reading : webApi(value);
}
