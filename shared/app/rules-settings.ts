/** The settings of `validate`, loaded with the first rules file: its rules, its keys, whose operations are exempt. */
import * as z from 'zod';
import type { Mapping } from '../mapping/mapping';
import type { Rules } from '../rules/compile-rules';
import { readRules, type ReadRules } from '../rules/read-rules';
import { UNJUDGED, VALIDATE_DEFAULTS, type Unjudged, type ValidateConfig } from '../rules/validate-endpoint';
import type { Environment, Section } from '../settings/environment';
import type { FaultPlace } from '../yaml/yaml-file';
import { faultsOf, keys, list, oneOf, webhookSchema, whole, type CoreConfig } from './config';
import { readSettingFile } from './setting-file';

/** Reads the rules file that RULES_FILE names, its path relative to the app's root; undefined without one. */
export const readRulesFile = (path: string): ReadRules | undefined => readSettingFile('RULES_FILE', path, readRules);

const validateSchema = webhookSchema.omit({ WEBHOOK_KEYS: true }).extend({
  VALIDATE_KEYS: keys('validating step'),
  VALIDATE_UNJUDGED: oneOf(UNJUDGED, VALIDATE_DEFAULTS.unjudged),
  VALIDATE_DEADLINE_MS: whole(100, 10_000, VALIDATE_DEFAULTS.deadlineMs),
  VALIDATE_EXEMPT_USERS: list.pipe(z.array(z.guid('must hold ids (GUIDs) of users').toLowerCase())),
});

/**
 * Reads them with all that is wrong with them. A store that can't be had is no fault of theirs.
 *
 * @param core where rows are kept
 */
export function readValidate(environment: Environment, core: Section<CoreConfig>): Section<ValidateConfig> {
  const read = readRulesFile(environment.RULES_FILE?.trim() ?? '');
  if (read === undefined) return { ok: false, faults: ['RULES_FILE is missing: without rules nothing is validated'] };
  const parsed = validateSchema.safeParse(environment);
  const faults = [
    ...faultsOf(parsed),
    ...(read.ok ? [] : read.faults),
    ...(read.ok && core.ok ? lookUpFaults(read.file, { ...core.value, kind: core.value.lob.kind }, read.at) : []),
  ];
  if (!parsed.success || !read.ok || faults.length > 0) return { ok: false, faults };
  const { data } = parsed;
  return {
    ok: true,
    value: {
      keys: data.VALIDATE_KEYS,
      keyName: data.WEBHOOK_KEY_NAME.toLowerCase(),
      maxBytes: data.WEBHOOK_MAX_KILOBYTES * 1024,
      rules: read.file,
      exemptUsers: new Set(data.VALIDATE_EXEMPT_USERS),
      deadlineMs: data.VALIDATE_DEADLINE_MS,
    },
  };
}

/** What becomes of operations that no rule can be asked about; as by default where the setting has a fault, which is told elsewhere. */
export const unjudgedOf = ({ VALIDATE_UNJUDGED }: Environment): Unjudged =>
  z.enum(UNJUDGED).safeParse(VALIDATE_UNJUDGED).data ?? VALIDATE_DEFAULTS.unjudged;

/** Where rows are kept, as far as rules ask for it. */
export interface LookedIn {
  readonly kind: string;
  readonly tables: readonly string[];
  readonly mapping: Pick<Mapping, 'tableOf'>;
}

/** Rules that ask the store for what it doesn't have as it is. */
export function lookUpFaults(rules: Rules, { kind, tables, mapping }: LookedIn, at: FaultPlace): string[] {
  return [...rules.tables].flatMap(([table, of]) =>
    of.flatMap(({ unique }, index) => {
      if (unique === undefined) return [];
      const fault = (text: string): string[] => [at({ path: ['tables', table, index, 'unique'], text })];
      if (kind === 'http') return fault("can't be with LOB_STORE=http: the app can't look for values there");
      if (!tables.includes(table)) return fault(`needs table ${table} in the store: it isn't kept in step`);
      const lost = unique.filter((column) => !mapping.tableOf(table).comparable(column));
      return lost.length === 0
        ? []
        : fault(`needs ${lost.join(', ')} in the store as it is: the mapping file drops, masks or shortens it`);
    }),
  );
}
