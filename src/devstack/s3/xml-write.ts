/**
 * Writes the XML of answers. Content is an ordered list of [name, value] pairs; undefined values are left
 * out. Keeps true: no text of a client can open an element, and control characters are references.
 */

export type XmlContent = readonly (readonly [name: string, value: XmlValue])[];
export type XmlValue = string | number | boolean | undefined | XmlContent;

const NAMESPACE = 'http://s3.amazonaws.com/doc/2006-03-01/';

/** A document of the S3 namespace with one root element. */
export function xmlDocument(root: string, content: XmlContent): string {
  return `<?xml version="1.0" encoding="UTF-8"?>\n<${root} xmlns="${NAMESPACE}">${xmlElements(content)}</${root}>`;
}

/** The document of an error; S3 writes it without a namespace. */
export function xmlError(content: XmlContent): string {
  return `<?xml version="1.0" encoding="UTF-8"?>\n<Error>${xmlElements(content)}</Error>`;
}

/** A text as XML character data. */
export function xmlText(text: string): string {
  return text.replace(
    /[&<>"'\u0000-\u001f\u007f]/g,
    (character) => `&#${character.charCodeAt(0)};`,
  );
}

function xmlElements(content: XmlContent): string {
  return content
    .filter(([, value]) => value !== undefined)
    .map(
      ([name, value]) =>
        `<${name}>${Array.isArray(value) ? xmlElements(value as XmlContent) : xmlText(String(value))}</${name}>`,
    )
    .join('');
}
