import type { Sources } from '../bicep/source';
import { nodes } from '../bicep/syntax';

/** What the checks understand. Anything else is a fault, so that nothing goes unchecked. */
const KNOWN = new Set(
  [
    'infrastructure target_scope_assignment using_statement import_functionality decorators decorator',
    'parameter_declaration variable_declaration output_declaration resource_declaration module_declaration',
    'type primitive_type array_type identifier property_identifier string string_content escape_sequence interpolation',
    'number boolean null array object object_property if_statement for_statement for_loop_parameters loop_variable loop_enumerator',
    'call_expression arguments member_expression binary_expression unary_expression ternary_expression parenthesized_expression',
  ].flatMap((line) => line.split(' ')),
);

/** What can't be parsed, and what these checks don't know. */
export function syntaxFaults(sources: Sources): string[] {
  return [...sources.values()].flatMap((source) =>
    [...nodes(source.root)].flatMap((node) => {
      const at = `${source.file}:${node.line}: `;
      if (node.missing) return [`${at}${node.kind} is missing`];
      if (node.kind === 'ERROR') return [`${at}can't be parsed: ${node.text.slice(0, 60)}`];
      return KNOWN.has(node.kind) ? [] : [`${at}the checks don't know ${node.kind}`];
    }),
  );
}
