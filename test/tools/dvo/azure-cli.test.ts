/**
 * Proves that an operator who is signed in by `az login` needs no application of his own: with DATAVERSE_AUTH=azure-cli the
 * token is the one that `az` gives for the environment. The `az` here is a script that says what the real one says.
 */
import { expect, test } from '@jest/globals';
import { chmodSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { startDataverse } from '../../../local/dataverse/simulator';
import { runDvo } from '../../e2e/spawned-dvo';
import { accessToken } from '../../local/simulator-client';

test('dvo works as whoever is signed in', async () => {
  const dataverse = await startDataverse();
  try {
    const folder = mkdtempSync(join(tmpdir(), 'dvo-az-'));
    const token = await accessToken(dataverse);
    const answer = {
      accessToken: token,
      expiresOn: '2099-01-01 00:00:00.000000',
      expires_on: 4_070_908_800,
      tokenType: 'Bearer',
    };
    const [az, asked] = [join(folder, 'az'), join(folder, 'asked')];
    writeFileSync(az, `#!/bin/sh\necho "$@" >> '${asked}'\ncat <<'END'\n${JSON.stringify(answer)}\nEND\n`);
    chmodSync(az, 0o755);
    const settings = {
      NODE_EXTRA_CA_CERTS: dataverse.certificatePath,
      DATAVERSE_URL: dataverse.url,
      DATAVERSE_AUTH: 'azure-cli',
      PATH: `${folder}${delimiter}${process.env.PATH ?? ''}`,
    };
    expect(await runDvo(['tracking', 'show', 'account'], settings)).toMatchObject({
      code: 0,
      out: expect.stringMatching(/^account +on$/m),
    });
    expect(readFileSync(asked, 'utf8')).toContain(`account get-access-token --output json --resource ${dataverse.url}`);
  } finally {
    await dataverse.close();
  }
});
