import { visible } from '../../../shared/errors/visible';

/** A column of a table of text: its heading, and how wide it is at least. */
export interface TextColumn {
  readonly heading: string;
  readonly width: number;
}

/**
 * Lines of a table that is written while its rows come in: widths can't wait for the longest cell, so a longer one pushes
 * its line.
 */
export function textTable(columns: readonly TextColumn[]): {
  readonly heading: string;
  readonly line: (cells: readonly string[]) => string;
} {
  const line = (cells: readonly string[]): string =>
    `${columns
      .map(({ width }, index) => visible(cells[index] ?? '').padEnd(width))
      .join('  ')
      .trimEnd()}\n`;
  return { heading: line(columns.map(({ heading }) => heading)), line };
}

/** A time as every command shows and takes it: `2026-03-14T09:26:53Z`. */
export const timeText = (epochMs: number): string => `${new Date(epochMs).toISOString().slice(0, 19)}Z`;
