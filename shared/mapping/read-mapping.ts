import { schemaFaults } from '../yaml/schema-faults';
import { readYaml, type ReadYaml } from '../yaml/yaml-file';
import { ruleFaults } from './mapping-rules';
import { mappingSchema, type MappingFile } from './mapping-schema';

/** A mapping file that was read: its content, or everything that is wrong with it, each fault with its place. */
export type ReadMapping = ReadYaml<MappingFile>;

/**
 * Reads a mapping file. Never throws: faults are data.
 * @param name as the faults shall name it
 */
export const readMapping = (name: string, text: string): ReadMapping =>
  readYaml(name, text, (content) => {
    const { success, data, error } = mappingSchema.safeParse(content);
    return success
      ? { value: data, faults: ruleFaults(data) }
      : { value: undefined, faults: schemaFaults(error.issues) };
  });
