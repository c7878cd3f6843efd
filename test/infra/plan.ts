import path from 'node:path';
import { asText, eachOf, evaluate, type Scope, type Value } from './bicep/evaluate';
import type { ModuleCall, Resource, Source, Sources } from './bicep/source';
import { members } from './bicep/syntax';

/** A resource as it would be deployed. */
export interface Planned {
  /** The file that declares it. */
  readonly file: string;
  readonly symbol: string;
  /** Without its version. */
  readonly type: string;
  /** What it belongs to, or is a right or a setting of: the symbol there. */
  readonly of: string | undefined;
  readonly body: Readonly<Record<string, Value>>;
}

/** What a deployment would be: the templates computed, without Azure. */
export interface Plan {
  readonly resources: readonly Planned[];
  readonly outputs: Readonly<Record<string, Value>>;
}

type Values = Readonly<Record<string, Value>>;

/** What Azure would say of a resource that was deployed. */
const propertiesOf = (name: string): Values => ({
  clientId: 'the-client-id',
  principalId: 'the-principal-id',
  primaryEndpoints: { blob: `https://${name}.blob.core.windows.net/` },
  defaultHostName: `${name}.azurewebsites.net`,
  ConnectionString: 'the-connection-string',
  ipAddress: '203.0.113.7',
});

/** The values of a parameter file. */
export function parametersOf(source: Source, environment: Readonly<Record<string, string>>): Values {
  const scope: Scope = {
    value: (name) => {
      throw new Error(`${source.file} knows no ${name}`);
    },
    text: () => '',
    variable: (name) => environment[name],
  };
  return Object.fromEntries(
    source.parameters.flatMap(({ name, value }) => (value === undefined ? [] : [[name, evaluate(value, scope)]])),
  );
}

/** Computes what `main.bicep` would deploy with these parameters. */
export function planOf(files: Readonly<Record<string, string>>, sources: Sources, parameters: Values): Plan {
  const resources: Planned[] = [];
  const main = new FilePlan('main.bicep', parameters, files, sources, resources);
  main.deployAll();
  return { resources, outputs: main.outputs() };
}

class FilePlan {
  readonly #source: Source;
  readonly #scope: Scope;
  readonly #known = new Map<string, Value>();

  constructor(
    file: string,
    private readonly parameters: Values,
    private readonly files: Readonly<Record<string, string>>,
    private readonly sources: Sources,
    private readonly resources: Planned[],
  ) {
    const source = sources.get(file);
    if (source === undefined) throw new Error(`There is no ${file}.`);
    this.#source = source;
    this.#scope = {
      value: (name) => {
        const known = this.#known.get(name) ?? this.#valueOf(name);
        this.#known.set(name, known);
        return known;
      },
      text: (text) => files[path.posix.join(path.posix.dirname(file), text)] ?? '',
      variable: () => undefined,
    };
  }

  deployAll(): void {
    for (const resource of this.#source.resources) if (!resource.existing) this.#deploy(resource);
    for (const call of this.#source.modules)
      for (const scope of this.#roundsOf(call)) this.#call(call, scope).deployAll();
  }

  outputs(): Values {
    return Object.fromEntries(this.#source.outputs.map(({ name, value }) => [name, evaluate(value, this.#scope)]));
  }

  #valueOf(name: string): Value {
    const source = this.#source;
    const parameter = source.parameters.find((each) => each.name === name);
    const given = this.parameters[name];
    if (parameter !== undefined) {
      if (given !== undefined) return given;
      if (parameter.value === undefined) throw new Error(`${source.file}: ${name} is not given`);
      return evaluate(parameter.value, this.#scope);
    }
    const variable = source.variables.find((each) => each.name === name);
    if (variable !== undefined) return evaluate(variable.value, this.#scope);
    const imported = source.imports.find((each) => each.name === name);
    if (imported !== undefined) return new FilePlan(imported.file, {}, this.files, this.sources, []).#valueOf(name);
    const resource = source.resources.find(({ symbol }) => symbol === name);
    if (resource !== undefined) {
      const own = members(resource.body).find(({ key }) => key === 'name')?.value;
      const called = own === undefined ? '' : asText(evaluate(own, this.#scope));
      return { id: `/${name}`, name: called, properties: propertiesOf(called) };
    }
    const call = source.modules.find(({ symbol }) => symbol === name);
    const [scope] = call === undefined ? [] : this.#roundsOf(call);
    return call === undefined || scope === undefined ? null : { outputs: this.#call(call, scope).outputs() };
  }

  /** The scopes in which something is deployed: none where its condition says no. */
  #roundsOf({ loop, condition }: Resource | ModuleCall): readonly Scope[] {
    const rounds = loop === undefined ? [this.#scope] : eachOf(loop, this.#scope);
    return rounds.filter((scope) => condition === undefined || evaluate(condition, scope) === true);
  }

  #deploy(resource: Resource): void {
    for (const scope of this.#roundsOf(resource)) {
      const body: Record<string, Value> = {};
      let of: string | undefined;
      for (const { key = '', value } of members(resource.body)) {
        if (key === 'parent' || key === 'scope') of = value.text;
        else if (key !== 'dependsOn') body[key] = evaluate(value, scope);
      }
      const [type = ''] = resource.type.split('@');
      this.resources.push({ file: this.#source.file, symbol: resource.symbol, type, of, body });
    }
  }

  #call(call: ModuleCall, scope: Scope): FilePlan {
    const given = Object.fromEntries(call.params.map(({ key = '', value }) => [key, evaluate(value, scope)]));
    return new FilePlan(call.file, given, this.files, this.sources, this.resources);
  }
}
