import { environment, readWebApiConfig } from '../shared/config/config';
import type { WebApi } from '../shared/dataverse/web-api';
import { webApi } from '../shared/services';
import { settingsOf } from './terminal';

/** The Web API of the environment that the settings name. @throws UsageError */
export function connect(): WebApi {
  const [config] = settingsOf(readWebApiConfig(environment()));
  return webApi(config);
}
