import { parseKeyVaultSecretIdentifier, SecretClient } from '@azure/keyvault-secrets';
import { appIdentity } from '../../shared/azure/deferred-credential';
import { messageOf } from '../../shared/errors/errors';
import type { ReadVault } from './secrets';

/**
 * Reads secrets of Key Vault as whoever runs this (`az login`), or as the identity of the machine; each vault and secret is
 * asked once.
 * https://learn.microsoft.com/azure/key-vault/secrets/quick-create-node
 */
export function keyVault(): ReadVault {
  const credential = appIdentity();
  const read = new Map<string, Promise<string>>();
  const ask = async (address: string): Promise<string> => {
    const { vaultUrl, name, version } = parseKeyVaultSecretIdentifier(address);
    try {
      const { value } = await new SecretClient(vaultUrl, credential).getSecret(
        name,
        version === undefined ? {} : { version },
      );
      if (value === undefined || value === '') throw new Error('it is empty');
      return value;
    } catch (error) {
      throw new Error(`the secret ${name} of ${vaultUrl} can't be read: ${messageOf(error)}`, { cause: error });
    }
  };
  return (address) => {
    const asked = read.get(address) ?? ask(address);
    read.set(address, asked);
    return asked;
  };
}
