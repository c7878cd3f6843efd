/**
 * Proves of the templates in infra/ what a compiler would: they can be parsed, each name and type is there, modules and
 * parameter files give what is asked for. And what no compiler looks at: rights, keys, secrets. No compiler was here, and
 * nothing was deployed. `check-deployment.test.ts` proves that each of these faults would be found.
 */
import { expect, test } from '@jest/globals';
import { bicepParser } from './bicep/syntax';
import { checkDeployment } from './check-deployment';
import { deploymentFiles } from './deployment-files';

test('no file of infra/ has a fault', async () => {
  expect(checkDeployment(deploymentFiles(), await bicepParser())).toEqual([]);
});
