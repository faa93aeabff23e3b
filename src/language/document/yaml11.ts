/**
 * Plain scalars that YAML 1.1, and so the predecessor, reads as another type than YAML 1.2 does.
 *
 * They are only marked here: whether the difference matters is known where the field's type is known (D22).
 */
export type Yaml11Reading = 'boolean' | 'sexagesimal' | 'octal';

export const yaml11Reading = (plain: string): Yaml11Reading | undefined => {
  if (/^(?:yes|no|on|off|y|n)$/i.test(plain)) return 'boolean';
  if (/^[-+]?[1-9][0-9_]*(?::[0-5]?[0-9])+(?:\.[0-9_]*)?$/.test(plain)) return 'sexagesimal';
  if (/^[-+]?0[0-7_]+$/.test(plain)) return 'octal';
  return undefined;
};

/** A date or a timestamp as YAML 1.1 reads it; here it stays text. */
export const looksLikeDate = (plain: string): boolean =>
  /^\d{4}-\d{1,2}-\d{1,2}(?:(?:[Tt]|[ \t]+)\d{1,2}:\d{2}:\d{2}(?:\.\d*)?(?:[ \t]*(?:Z|[-+]\d{1,2}(?::?\d{2})?))?)?$/.test(
    plain,
  );
