// Text from a certificate, a card or a reader, made fit to be shown: it can neither hide, reorder nor break what stands
// around it (control characters, bidirectional marks, line ends, markup), and it is bounded.

/**
 * What a dialog may not show: controls, format characters (Cf: bidi, zero width), what is invisible without being one of
 * these, line and paragraph ends; and angle brackets, from which some toolkits guess that a text is markup.
 */
const unshowable = /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Cn}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}\u2800<>]/gu;

/** Marks that stand above or below a letter: three of them are a letter of some language, more are a tower over other lines. */
const towers = /(\p{M}{3})\p{M}+/gu;

/** Cleans `text` and cuts it to `maximum` UTF-16 code units; the result is well-formed. */
export function displayText(text: string, maximum: number): string {
  const clean = text
    // Line ends part words, so they may not simply go.
    .replace(/[\s\p{Zl}\p{Zp}]+/gu, ' ')
    .replace(unshowable, '')
    .replace(towers, '$1')
    .replace(/ +/g, ' ')
    .trim();
  if (clean.length <= maximum) return clean;
  const cut = clean.slice(0, maximum - 1);
  return `${/[\uD800-\uDBFF]$/.test(cut) ? cut.slice(0, -1) : cut}…`;
}
