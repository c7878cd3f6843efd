import { sourceOf, type Source, type Sources } from './bicep/source';
import type { ParseBicep } from './bicep/syntax';
import { callFaults } from './checks/call-faults';
import { descriptionFaults } from './checks/description-faults';
import { orderFaults } from './checks/order-faults';
import { referenceFaults } from './checks/reference-faults';
import { resourceFaults } from './checks/resource-faults';
import { rightFaults } from './checks/right-faults';
import { secretFaults } from './checks/secret-faults';
import { syntaxFaults } from './checks/syntax-faults';

/** The grammar has no parameter files: there a value stands without a type, as a variable's does. */
const withoutTypes = (file: string, text: string): string =>
  file.endsWith('.bicepparam') ? text.replaceAll(/^param(?= \w+ =)/gm, 'var  ') : text;

/** Reads files, by their paths in the folder of the deployment. */
export function sourcesOf(files: Readonly<Record<string, string>>, parse: ParseBicep): Sources {
  return new Map<string, Source>(
    Object.entries(files)
      .filter(([file]) => /\.bicep(?:param)?$/.test(file))
      .map(([file, text]) => [file, sourceOf(file, parse(withoutTypes(file, text)))]),
  );
}

/** All faults of a deployment, each with its file and line. */
export function checkDeployment(files: Readonly<Record<string, string>>, parse: ParseBicep): string[] {
  const sources = sourcesOf(files, parse);
  const syntax = syntaxFaults(sources);
  return syntax.length > 0
    ? syntax
    : [
        ...referenceFaults(sources, new Set(Object.keys(files))),
        ...callFaults(sources),
        ...orderFaults(sources),
        ...resourceFaults(sources),
        ...secretFaults(sources),
        ...rightFaults(sources),
        ...descriptionFaults(sources),
      ];
}
