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
