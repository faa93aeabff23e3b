/** Files that import each other in a circle. Types count too: a circle of types is as hard to read as one of values. */
import { importsOf, type Rule } from './tree.js';

/** One sentence for each circle that a walk from any file comes upon. */
export const importCycles: Rule = (files) => {
  const known = new Set(files.map(({ path }) => path));
  const targets = new Map(
    files.map((file) => [
      file.path,
      importsOf(file).flatMap(({ path }) => (path !== undefined && known.has(path) ? [path] : [])),
    ]),
  );
  const finished = new Set<string>();
  const cycles: string[] = [];
  const visit = (path: string, trail: readonly string[]): void => {
    const start = trail.indexOf(path);
    if (start >= 0) cycles.push([...trail.slice(start), path].join(' → '));
    if (start >= 0 || finished.has(path)) return;
    for (const next of targets.get(path) ?? []) visit(next, [...trail, path]);
    finished.add(path);
  };
  for (const { path } of files) visit(path, []);
  return cycles;
};
