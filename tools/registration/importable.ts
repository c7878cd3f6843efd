import { schemaFaults, type Fault } from '../../shared/yaml/schema-faults';
import { ruleFaults } from './declaration-rules';
import { declarationSchema } from './declaration-schema';
import { fillIn } from './placeholders';
import { repeatedIds } from './repeated-ids';

/** A declaration that is being written; nobody has checked it yet. */
export interface Draft {
  readonly owner: string;
  readonly endpoints: Readonly<Record<string, unknown>>;
  readonly steps: Readonly<Record<string, unknown>>;
  readonly changeTracking?: readonly string[];
}

/** An endpoint or step that can't be declared as it is registered. */
export interface LeftOut {
  readonly section: 'endpoints' | 'steps';
  readonly key: string;
  readonly why: string;
}

/** A draft without what a declaration's own rules refuse; what hangs on that goes, too. */
export function importable(draft: Draft): { readonly draft: Draft; readonly leftOut: readonly LeftOut[] } {
  const found = unfit(draft);
  if (found.length === 0) return { draft, leftOut: [] };
  const without = (section: LeftOut['section']): Readonly<Record<string, unknown>> =>
    Object.fromEntries(
      Object.entries(draft[section]).filter(
        ([key]) => !found.some((each) => each.section === section && each.key === key),
      ),
    );
  const rest = importable({ ...draft, endpoints: without('endpoints'), steps: without('steps') });
  return { draft: rest.draft, leftOut: [...found, ...rest.leftOut] };
}

/** Each endpoint and step that breaks a rule, with the first one. */
function unfit(draft: Draft): LeftOut[] {
  const first = new Map<string, LeftOut>();
  for (const { path, text } of draftFaults(draft)) {
    const [section, key, ...rest] = path;
    if ((section !== 'endpoints' && section !== 'steps') || typeof key !== 'string') continue;
    const id = `${section} ${key}`;
    const why = [rest.join('.'), text].filter((part) => part !== '').join(' ');
    if (!first.has(id)) first.set(id, { section, key, why });
  }
  return [...first.values()];
}

function draftFaults(draft: Draft): readonly Fault[] {
  const placeholders: Fault[] = [];
  // Whoever wrote it into Dataverse didn't mean a variable of whoever applies this, which could be any secret.
  fillIn(draft, (name, path) => {
    placeholders.push({ path, text: `has \${${name}} in it, which would be filled in` });
    return name;
  });
  if (placeholders.length > 0) return placeholders;
  const { success, data, error } = declarationSchema.safeParse(draft);
  if (!success) return schemaFaults(error.issues);
  const broken = ruleFaults(data);
  return broken.length > 0 ? broken : repeatedIds(data);
}
