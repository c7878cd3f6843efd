/** Makes the folder that is deployed, and a zip file of it: npm run package -- [--out FOLDER] [--zip FILE]. See docs/connect.md. */
import { stat } from 'node:fs/promises';
import { basename, resolve } from 'node:path';
import { sayFault, script } from '../dvo/terminal/script';
import { packageApp, PackagingError } from './package-app';
import { zipFolder } from './zip';

interface Flags {
  readonly out: string;
  readonly zip?: string;
  readonly mapping?: string;
  readonly rules?: string;
  readonly sourceMaps?: true;
}

const kilobytes = (bytes: number): string => `${Math.round(bytes / 1024)} KiB`;

async function run({ out, zip, mapping, rules, sourceMaps }: Flags): Promise<void> {
  const functions = await packageApp({
    root: process.cwd(),
    out: resolve(out),
    ...(mapping === undefined ? {} : { mapping }),
    ...(rules === undefined ? {} : { rules }),
    ...(sourceMaps === undefined ? {} : { sourceMaps }),
  });
  for (const { name, bytes } of functions) console.log(`${name}: ${kilobytes(bytes)} loaded at start`);
  console.log(`Folder: ${out}`);
  if (zip !== undefined) {
    await zipFolder(resolve(out), resolve(zip));
    console.log(`Zip file: ${zip} (${kilobytes((await stat(zip)).size)})`);
  }
  if (mapping !== undefined) console.log(`The app needs the setting MAPPING_FILE=${basename(mapping)}.`);
  if (rules !== undefined) console.log(`The app needs the setting RULES_FILE=${basename(rules)}.`);
  console.log('docs/connect.md#3-publish-the-app explains how to deploy it.');
}

script('npm run package --', 'make the deployment folder')
  .option('--out <folder>', 'folder to make; it must be empty or not exist', 'dist/package')
  .option('--zip <file>', 'also write a zip file of the folder')
  .option('--mapping <file>', 'deploy this mapping file; MAPPING_FILE is then its name without folders')
  .option('--rules <file>', 'deploy this rules file; RULES_FILE is then its name without folders')
  .option('--source-maps', 'write source maps, for Node started with --enable-source-maps')
  .action(run)
  .parseAsync()
  .catch((error: unknown) => {
    if (error instanceof PackagingError) sayFault(error);
    else console.error(error);
    process.exitCode = 1;
  });
