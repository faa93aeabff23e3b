/**
 * The parts that a completion names, checked against the ones that arrived (S3 API reference,
 * CompleteMultipartUpload). Keeps true: order rises, each part is the one whose ETag (and checksum) the
 * client saw, and every part but the last has at least 5 MiB.
 */
import { bareEtag } from './condition.js';
import type { PartRecord } from './record.js';
import { S3Error } from './s3-error.js';
import type { OpenUpload } from './upload-store.js';
import { childText, readXml, type XmlElement } from './xml-read.js';

export const MIN_PART_BYTES = 5 * 1024 ** 2;

interface NamedPart {
  readonly number: number;
  readonly etag: string;
  readonly crc32: string | undefined;
}

/** Reads the document of a completion. Throws `MalformedXML`. */
export function readNamedParts(document: string): readonly NamedPart[] {
  const root = readXml(document);
  const parts = root.children.filter(({ name }) => name === 'Part');
  if (root.name !== 'CompleteMultipartUpload' || parts.length === 0) {
    throw new S3Error(
      'MalformedXML',
      'The body must be a CompleteMultipartUpload element with at least one Part.',
    );
  }
  return parts.map(readNamedPart);
}

/** The parts of the upload that `named` lists. Throws the documented error of the first that does not fit. */
export function selectParts(
  upload: OpenUpload,
  named: readonly NamedPart[],
): readonly PartRecord[] {
  refuseDisorder(named);
  const needsChecksum = upload.record.checksumType !== undefined;
  return named.map((wanted, index) => {
    const part = upload.parts.get(wanted.number);
    if (
      part === undefined ||
      part.etag !== wanted.etag ||
      (wanted.crc32 !== undefined && !(needsChecksum && part.crc32 === wanted.crc32))
    ) {
      throw new S3Error(
        'InvalidPart',
        `Part ${wanted.number} could not be found: it was not uploaded, or its ETag or checksum is not the one that is named.`,
      );
    }
    if (upload.record.checksumType === 'COMPOSITE' && wanted.crc32 === undefined) {
      throw new S3Error(
        'InvalidRequest',
        `The upload was created using a crc32 checksum. The complete request must include the checksum for each part. It was missing for part ${wanted.number}.`,
      );
    }
    if (needsChecksum && wanted.number !== index + 1) {
      throw new S3Error(
        'InvalidRequest',
        `With a checksum algorithm the part numbers must be consecutive from 1; part ${wanted.number} is number ${index + 1} of the list.`,
      );
    }
    if (index < named.length - 1 && part.sizeBytes < MIN_PART_BYTES) {
      throw new S3Error(
        'EntityTooSmall',
        `Part ${wanted.number} has ${part.sizeBytes} bytes; every part but the last needs at least ${MIN_PART_BYTES}.`,
      );
    }
    return part;
  });
}

/** Order is a fault of the whole list, so it is judged before any part. */
function refuseDisorder(named: readonly NamedPart[]): void {
  for (const [index, { number }] of named.entries()) {
    const before = named[index - 1]?.number ?? 0;
    if (before >= number) {
      throw new S3Error(
        'InvalidPartOrder',
        `The list of parts was not in ascending order: ${before} stands before ${number}.`,
      );
    }
  }
}

function readNamedPart(element: XmlElement): NamedPart {
  const number = Number(childText(element, 'PartNumber'));
  const etag = childText(element, 'ETag');
  if (!Number.isInteger(number) || number < 1 || etag === undefined) {
    throw new S3Error(
      'MalformedXML',
      'Every Part needs a PartNumber (a whole number from 1) and an ETag.',
    );
  }
  const otherChecksum = element.children.find(
    ({ name }) => name.startsWith('Checksum') && name !== 'ChecksumCRC32',
  );
  if (otherChecksum !== undefined) {
    throw new S3Error(
      'NotImplemented',
      `This server does not implement ${otherChecksum.name} of a part; use ChecksumCRC32.`,
    );
  }
  return { number, etag: bareEtag(etag), crc32: childText(element, 'ChecksumCRC32') };
}
