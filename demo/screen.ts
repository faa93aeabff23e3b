/**
 * What the demo prints. On a terminal one live line is drawn over and over; elsewhere only what lasts is printed.
 */
export interface Screen {
  readonly isTerminal: boolean;
  line(text?: string): void;
  heading(text: string): void;
  /** Replaces the live line; shows nothing where there is no terminal. */
  live(text: string): void;
  /** `name: value` pairs with the values below each other. */
  facts(rows: readonly (readonly [name: string, value: string])[]): void;
}

export const bytesText = (bytes: number): string => {
  if (bytes < 1000) return `${String(bytes)} B`;
  if (bytes < 1e6) return `${(bytes / 1e3).toFixed(1)} kB`;
  if (bytes < 1e9) return `${(bytes / 1e6).toFixed(1)} MB`;
  return `${(bytes / 1e9).toFixed(2)} GB`;
};

/** 1234567 → 1,234,567. */
export const rowsText = (rows: number): string => String(rows).replaceAll(/\B(?=(\d{3})+$)/g, ',');

export const secondsText = (ms: number): string => `${(ms / 1000).toFixed(1)} s`;

const eraseLine = '\r\u001b[2K';

export const createScreen = (
  out: NodeJS.WriteStream,
  env: Readonly<Record<string, string | undefined>>,
): Screen => {
  const isTerminal = out.isTTY === true;
  const isColoured = isTerminal && (env['NO_COLOR'] ?? '') === '';
  const bold = (text: string): string => (isColoured ? `\u001b[1m${text}\u001b[22m` : text);
  let isLive = false;
  const line = (text = ''): void => {
    out.write(`${isLive ? eraseLine : ''}${text}\n`);
    isLive = false;
  };
  return {
    isTerminal,
    line,
    heading: (text) => {
      line();
      line(bold(text));
    },
    live: (text) => {
      if (!isTerminal) return;
      // A line that wraps could not be erased.
      out.write(`${eraseLine}${text.slice(0, Math.max(20, (out.columns || 80) - 1))}`);
      isLive = true;
    },
    facts: (rows) => {
      const width = Math.max(...rows.map(([name]) => name.length));
      for (const [name, value] of rows) line(`  ${name.padEnd(width)}  ${value}`);
    },
  };
};
