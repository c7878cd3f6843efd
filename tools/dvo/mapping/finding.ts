import type { Fault } from '../../../shared/yaml/schema-faults';

/** A fault, or something worth knowing that may be meant so. */
export interface Finding extends Fault {
  readonly warning?: true;
}
