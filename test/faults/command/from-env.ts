/** Some of a list, by a variable that names them with commas between; all of it where it is not set. */
export const fromEnv = <T extends { readonly name: string }>(
  variable: string,
  list: readonly T[],
): readonly T[] => {
  const names = process.env[variable]?.split(',');
  const unknown = names?.find((name) => !list.some((entry) => entry.name === name));
  if (unknown !== undefined) throw new Error(`${variable} names ${unknown}, which is not known`);
  return list.filter(({ name }) => names?.includes(name) ?? true);
};
