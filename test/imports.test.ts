/**
 * Proves that no file imports itself by way of others, imports of types included (the lint rule sees only those of values), and that
 * none inside shared/ imports from a floor above its own.
 */
import { expect, test } from '@jest/globals';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';
import ts from 'typescript';

const ROOT = path.join(__dirname, '..');
const FILES = ['functions', 'shared', 'local', 'tools', 'bench', 'test'].flatMap((folder) =>
  readdirSync(path.join(ROOT, folder), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts'))
    .map((file) => path.join(ROOT, folder, file)),
);

const importsOf = (file: string): readonly string[] =>
  ts.preProcessFile(readFileSync(file, 'utf8')).importedFiles.flatMap(({ fileName }) => {
    const imported = path.resolve(path.dirname(file), fileName.replace(/\.js$/, '')) + '.ts';
    return fileName.startsWith('.') && existsSync(imported) ? [imported] : [];
  });

/** The way from a file back to itself; empty where there is none. */
function circleIn(imports: ReadonlyMap<string, readonly string[]>): readonly string[] {
  const done = new Set<string>();
  const visit = (file: string, way: readonly string[]): readonly string[] => {
    if (way.includes(file)) return [...way.slice(way.indexOf(file)), file];
    if (done.has(file)) return [];
    for (const imported of imports.get(file) ?? []) {
      const circle = visit(imported, [...way, file]);
      if (circle.length > 0) return circle;
    }
    done.add(file);
    return [];
  };
  return [...imports.keys()].reduce<readonly string[]>(
    (found, file) => (found.length > 0 ? found : visit(file, [])),
    [],
  );
}

test('there is no circle of imports', () => {
  const imports = new Map(FILES.map((file) => [file, importsOf(file)]));
  expect([...imports.values()].flat().length).toBeGreaterThan(FILES.length);
  expect(circleIn(imports).map((file) => path.relative(ROOT, file))).toEqual([]);
});

test('no import in shared/ goes up: each folder is a floor, and takes only from those below', () => {
  // The lint rule has them, lowest first.
  const list =
    /const FLOORS = (\[[^;]*\]);/.exec(readFileSync(path.join(ROOT, 'eslint.config.mjs'), 'utf8'))?.[1] ?? '';
  const floors = [...list.matchAll(/'(\w+)'/g)].map(([, name = '']) => name);
  const shared = path.join(ROOT, 'shared');
  expect(floors.toSorted()).toEqual(readdirSync(shared).toSorted());
  const floorOf = (file: string): number => {
    const [top = '', ...rest] = path.relative(shared, file).split(path.sep);
    return top === '..' && rest.length > 0 ? floors.length : floors.indexOf(top);
  };
  const upward = FILES.filter((file) => file.startsWith(shared + path.sep)).flatMap((file) =>
    importsOf(file)
      .filter((imported) => floorOf(imported) > floorOf(file))
      .map((imported) => `${path.relative(ROOT, file)} imports ${path.relative(ROOT, imported)}`),
  );
  expect(upward).toEqual([]);
});
