import { schemaFaults } from '../yaml/schema-faults';
import { readYaml, type ReadYaml } from '../yaml/yaml-file';
import { compileRules, type Rules } from './compile-rules';
import { rulesSchema } from './rules-schema';

/** A rules file that was read: its rules, or everything that is wrong with it, each fault with its place. */
export type ReadRules = ReadYaml<Rules>;

/**
 * Reads a rules file. Never throws: faults are data.
 * @param name as the faults shall name it
 */
export const readRules = (name: string, text: string): ReadRules =>
  readYaml(name, text, (content) => {
    const { success, data, error } = rulesSchema.safeParse(content);
    if (!success) return { value: undefined, faults: schemaFaults(error.issues) };
    const { rules, faults } = compileRules(data);
    return { value: rules, faults };
  });
