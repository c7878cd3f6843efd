/**
 * Proves that what the walk-through of a deployment names is there: outputs of the template, the places whose keys are asked
 * for, log records that queries look for, and settings before the commands that need them.
 */
import { describe, expect, test } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { LOG_EVENTS } from '../../shared/telemetry/log';

const TEMPLATE = readFileSync('infra/main.bicep', 'utf8');
const CONNECT = readFileSync('docs/connect.md', 'utf8');

const all = (text: string, pattern: RegExp): string[] => [...text.matchAll(pattern)].map(([, found = '']) => found);

/** What capitals stand for: `OUTPUT` as a table or a sentence gives it. */
const CAPITALS = /`([A-Z_]+)` (?:\||is) `([a-z][A-Za-z]+)`/g;

test('outputs are those of the template', () => {
  const named = [
    ...all(CONNECT, /output `(\w+)`/g),
    ...[...CONNECT.matchAll(CAPITALS)].map(([, , output = '']) => output),
  ];
  expect(named.length).toBeGreaterThan(3);
  expect(all(TEMPLATE, /^output (\w+) /gm)).toEqual(expect.arrayContaining(named));
});

test('whatever stands in capitals in a command of connect.md is explained there', () => {
  const known = [...CONNECT.matchAll(CAPITALS)].map(([, name = '']) => name);
  const used = all(CONNECT, /(?:--name|--user|-name|accountName=) ?([A-Z_]+)(?= |$)/gm);
  expect(used).toEqual(expect.arrayContaining(['IDENTITY_CLIENT_ID', 'APP', 'BUS', 'HUBS', 'LOB_ACCOUNT']));
  // Of one's own choice, since the resource group is made by hand.
  expect([...known, 'GROUP']).toEqual(expect.arrayContaining(used));
});

test('keys are asked of places that the template makes', () => {
  const names = all(CONNECT, /--(?:queue|topic|eventhub)-name ([^\s)`]+)/g);
  expect(names.length).toBeGreaterThan(1);
  expect(all(TEMPLATE, /^param (?:queue|topic|hub)Name string = '(.+)'$/gm)).toEqual(expect.arrayContaining(names));
});

describe('queries', () => {
  const queries = all(CONNECT, /`(traces [^`]+)`/g);

  test('there is one', () => {
    expect(queries).toHaveLength(1);
  });

  test.each(queries)('%s', (query) => {
    // A record is a line: its name, a blank, its fields as JSON.
    const [, event = ''] = /message contains '(\w+) \{'/.exec(query) ?? [];
    expect(Object.keys(LOG_EVENTS)).toContain(event);
  });
});

test('the walk-through signs in before it asks Dataverse for anything', () => {
  const lines = CONNECT.slice(CONNECT.indexOf('## Before you start')).split('\n');
  const signedIn = lines.findIndex((line) => line.startsWith('export DATAVERSE_AUTH='));
  const asking = lines
    .slice(0, signedIn)
    .filter((line) => /npm run -s dvo -- (?:steps|mapping|tracking)/.test(line))
    .filter((line) => !line.startsWith('DATAVERSE_AUTH='));
  expect([signedIn > 0, asking]).toEqual([true, []]);
});
