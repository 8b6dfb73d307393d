// The medical certificate for sick leave as XML, in the manner of the form FK 7804 but of a namespace of its own. Written in exclusive
// canonical form: what XAdES signs is then, byte for byte, what was handed out, and the two can be compared as bytes.
import { type SickLeave } from './signing-forms.ts';

/** Who issues a document, by the login. */
export interface Author {
  readonly name: string;
  readonly hsaId: string;
  readonly organisation: string;
}

const namespace = 'urn:example:testkliniken:lakarintyg:1';

/** UTF-8, without a declaration. @param day of issue, YYYY-MM-DD */
export function sickLeaveXml(certificate: SickLeave, author: Author, day: string): Uint8Array {
  const { patient, diagnosis, assessment, extent, from, to } = certificate;
  const lines = [
    `<läkarintyg xmlns="${namespace}" blankett="FK 7804 (demo)">`,
    element('patient', patient),
    element('diagnos', diagnosis),
    element('bedömning', assessment),
    element('nedsatt-arbetsförmåga', `${extent} %`),
    element('från-och-med', from),
    element('till-och-med', to),
    '  <utfärdare>',
    `  ${element('namn', author.name)}`,
    `  ${element('hsa-id', author.hsaId)}`,
    `  ${element('vårdenhet', author.organisation)}`,
    '  </utfärdare>',
    element('utfärdat', day),
    '</läkarintyg>',
  ];
  return new TextEncoder().encode(lines.join('\n'));
}

/** An element is never empty: canonical XML has no empty-element tags. */
function element(name: string, text: string): string {
  return `  <${name}>${escaped(text)}</${name}>`;
}

/** As Canonical XML 1.0 2.3 writes text nodes; carriage returns do not come this far. */
function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
