/** Lines of text in columns: what people read in a terminal. Widths count characters; the last column is not padded. */
export const columns = (rows: readonly (readonly string[])[], indent = ''): readonly string[] => {
  const widths = (rows[0] ?? []).map((_, at) =>
    Math.max(...rows.map((row) => [...(row[at] ?? '')].length)),
  );
  return rows.map((row) => {
    const cells = row.map((cell, at) =>
      at === row.length - 1 ? cell : cell.padEnd(widths[at] ?? 0),
    );
    return `${indent}${cells.join('  ')}`.trimEnd();
  });
};

const scalar = (value: unknown): string =>
  typeof value === 'string' && value !== '' && !/[\n:#]|^\s|\s$/.test(value)
    ? value
    : JSON.stringify(value);

/** A JSON value as indented lines, keys in their order. */
export const tree = (value: unknown, indent: string): readonly string[] => {
  if (typeof value !== 'object' || value === null) return [`${indent}${scalar(value)}`];
  const entries = Array.isArray(value)
    ? value.map((entry): readonly [string, unknown] => ['-', entry])
    : Object.entries(value).map(([key, entry]): readonly [string, unknown] => [`${key}:`, entry]);
  return entries.flatMap(([label, entry]) => {
    const isEmpty = typeof entry === 'object' && entry !== null && Object.keys(entry).length === 0;
    if (typeof entry !== 'object' || entry === null || isEmpty)
      return [`${indent}${label} ${scalar(entry)}`];
    return [`${indent}${label}`, ...tree(entry, `${indent}  `)];
  });
};

/** JSON for programs: two spaces, keys in their order. */
export const json = (value: unknown): string => JSON.stringify(value, null, 2);
