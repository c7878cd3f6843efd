import { readDataverse, type DataverseConfig } from './dataverse';
import type { Environment, Found } from './environment';

const PREFIX = 'INBOUND_';

/** As whom rows are written: `INBOUND_DATAVERSE_…` over `DATAVERSE_…`; undefined where it is the same as for reading. */
export function readWritingDataverse(environment: Environment): Found<DataverseConfig | 'same'> {
  const own = Object.entries(environment).filter(
    ([name, value]) => name.startsWith(`${PREFIX}DATAVERSE_`) && (value?.trim() ?? '') !== '',
  );
  if (own.length === 0) return { value: 'same', faults: [] };
  const over = Object.fromEntries(own.map(([name, value]) => [name.slice(PREFIX.length), value]));
  const { value, faults } = readDataverse({ ...environment, ...over, DATAVERSE_URL: environment.DATAVERSE_URL });
  return {
    ...(value === undefined ? {} : { value }),
    faults: faults.map((fault) => fault.replace(/^DATAVERSE_(?!URL)/, `${PREFIX}DATAVERSE_`)),
  };
}

/** Whether the queue of the LOB system's messages is to be served. */
export const hasInboundQueue = (environment: Environment): boolean => (environment.INBOUND_QUEUE?.trim() ?? '') !== '';

/** Whether the outbox in the database is to be drained. */
export const hasInboundSql = (environment: Environment): boolean =>
  (environment.INBOUND_SQL_SCHEDULE?.trim() ?? '') !== '';

/** Whether steps are to be left out where rows are written. */
export const bypassesSteps = (environment: Environment): boolean =>
  (environment.INBOUND_BYPASS_STEPS?.trim() ?? '') !== '';
