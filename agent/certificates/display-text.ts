// Text from a certificate, a card or a reader, made fit to be shown: it can neither hide, reorder nor break what stands
// around it (control characters, bidirectional marks, line ends), and it is bounded.

/** Characters that a dialog may show: no controls, no format characters (Cf: bidi, zero width), no line or paragraph ends. */
const unshowable = /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Cn}\p{Zl}\p{Zp}]/gu;

/** Cleans `text` and cuts it to `maximum` characters. */
export function displayText(text: string, maximum: number): string {
  const clean = text.replace(unshowable, '').replace(/\s+/gu, ' ').trim();
  return clean.length > maximum ? `${clean.slice(0, maximum - 1)}…` : clean;
}
