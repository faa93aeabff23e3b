const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];

/** Bytes for people, exact where they are whole: `8 MiB`, `1.5 GiB`. */
export const bytesText = (bytes: number): string => {
  const power = bytes < 1 ? 0 : Math.min(units.length - 1, Math.floor(Math.log2(bytes) / 10));
  const value = bytes / 1024 ** power;
  return `${Number.isInteger(value) ? value : value.toFixed(1)} ${units[power] ?? 'B'}`;
};

/** Bytes that were moved, as disks and networks count them: `529.4 MB`. */
export const decimalBytesText = (bytes: number): string => {
  const names = ['B', 'kB', 'MB', 'GB', 'TB'];
  let value = bytes;
  let at = 0;
  for (; value >= 1000 && at < names.length - 1; at++) value /= 1000;
  return `${at === 0 ? String(value) : value.toFixed(value < 10 ? 2 : 1)} ${names[at] ?? ''}`;
};
