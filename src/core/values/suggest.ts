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

const plain = (text: string): string => text.toLowerCase().replace(/[-_.\s]/g, '');

/** The only known word that begins so: `incr` for `incremental`. */
const unabbreviated = (word: string, known: readonly string[]): string | undefined => {
  const beginning = plain(word);
  const found = known.filter((candidate) => plain(candidate).startsWith(beginning));
  return beginning.length >= 3 && found.length === 1 ? found[0] : undefined;
};

/**
 * The known word nearest to `word`; the only one that it is the beginning of, when none is near enough (a third of its
 * length, at least 1); or undefined. Case and the separators `_`, `-` and `.` do not count as differences.
 */
export const suggest = (word: string, known: readonly string[]): string | undefined => {
  let best: { word: string; distance: number } | undefined;
  for (const candidate of known) {
    const steps = distance(plain(word), plain(candidate));
    if (best === undefined || steps < best.distance) best = { word: candidate, distance: steps };
  }
  const allowed = Math.max(1, Math.floor(word.length / 3));
  return best !== undefined && best.distance <= allowed ? best.word : unabbreviated(word, known);
};
