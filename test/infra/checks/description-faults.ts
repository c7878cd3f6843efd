import type { Sources } from '../bicep/source';

/** Parameters and outputs that don't say what they are. */
export const descriptionFaults = (sources: Sources): string[] =>
  [...sources.values()].flatMap(({ file, isParameters, parameters, outputs }) =>
    (isParameters ? [] : [...parameters, ...outputs]).flatMap(({ name, description, line }) =>
      description !== undefined && description.length > 5 ? [] : [`${file}:${line}: ${name} has no description`],
    ),
  );
