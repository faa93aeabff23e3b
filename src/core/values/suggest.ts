/** "Did you mean": the known word that a misspelt one most likely stands for. */

const distance = (a: string, b: string): number => {
  let previous = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const current = [i];
    for (let j = 1; j <= b.length; j++) {
      const substitution = (previous[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      current.push(Math.min(substitution, (previous[j] ?? 0) + 1, (current[j - 1] ?? 0) + 1));
    }
    previous = current;
  }
  return previous[b.length] ?? 0;
};

/**
 * The known word nearest to `word`, or undefined when none is near enough (a third of its length, at least 1).
 * Case and the separators `_`, `-` and `.` do not count as differences.
 */
export const suggest = (word: string, known: readonly string[]): string | undefined => {
  const plain = (text: string): string => text.toLowerCase().replace(/[-_.\s]/g, '');
  let best: { word: string; distance: number } | undefined;
  for (const candidate of known) {
    const steps = distance(plain(word), plain(candidate));
    if (best === undefined || steps < best.distance) best = { word: candidate, distance: steps };
  }
  const allowed = Math.max(1, Math.floor(word.length / 3));
  return best !== undefined && best.distance <= allowed ? best.word : undefined;
};
