/** A located document as a placed value: the bridge from the document stage. */
import type { JsonValue } from '../../core/values/json.js';
import {
  locate,
  nodeAt,
  toJson,
  type LocatedDocument,
  type LocatedScalar,
} from '../document/located.js';
import { spanWithin } from '../document/span-within.js';
import type { Path, Placed } from './placed.js';

const advice = (scalar: LocatedScalar): string | undefined => {
  if (scalar.yaml11 === 'boolean') {
    return `${scalar.raw} is text in YAML 1.2: write true or false, or quote the text`;
  }
  if (scalar.yaml11 === 'sexagesimal') {
    return `quote it to keep the text ${scalar.raw}; YAML 1.1 reads a number in base 60 here`;
  }
  if (scalar.yaml11 === 'octal') {
    // Without the number: in a secret field it is one.
    return 'YAML 1.1 reads a number with a leading zero in base 8: write it without the zero, or quote the text';
  }
  return undefined;
};

export const placedDocument = (document: LocatedDocument): Placed => {
  const scalarAt = (path: Path): LocatedScalar | undefined => {
    const node = nodeAt(document, path);
    return node?.kind === 'scalar' ? node : undefined;
  };
  const value: JsonValue = toJson(document.root);
  return {
    value,
    span: (path, side) => locate(document, path, side),
    within: (path, offset, length) => {
      const scalar = scalarAt(path);
      return scalar === undefined
        ? locate(document, path)
        : spanWithin(document, scalar, offset, length);
    },
    yaml11: (path) => {
      const scalar = scalarAt(path);
      return scalar === undefined ? undefined : advice(scalar);
    },
  };
};
