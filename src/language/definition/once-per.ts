/**
 * What many rules walk over is worked out once for each project: a draft never changes, so neither does what is
 * derived from it, and it is forgotten together with the draft.
 */
export const oncePer = <K extends object, T>(make: (key: K) => T): ((key: K) => T) => {
  const kept = new WeakMap<K, { readonly value: T }>();
  return (key) => {
    const found = kept.get(key) ?? { value: make(key) };
    kept.set(key, found);
    return found.value;
  };
};

const keptMost = 1000;

/** The same for what a text says whole: assets of a project are partitioned alike, and schedules lie in few zones. */
export const oncePerText = <V, T>(
  textOf: (value: V) => string,
  make: (value: V) => T,
): ((value: V) => T) => {
  const kept = new Map<string, { readonly value: T }>();
  return (value) => {
    const text = textOf(value);
    const found = kept.get(text);
    if (found !== undefined) return found.value;
    const made = { value: make(value) };
    // A worker reads its project again and again: what nobody writes any more is forgotten some time.
    if (kept.size >= keptMost) kept.clear();
    kept.set(text, made);
    return made.value;
  };
};
