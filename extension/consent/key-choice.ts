// Who signs: the one key that there is, or a choice in which nothing is chosen beforehand.
import { type SigningKey } from '../../shared/signing.ts';
import { type MessageKey } from '../background/screen-texts.ts';
import { type Words } from './consent-view.ts';
import { areOfOne, keyDifferences } from './key-differences.ts';
import { element, text } from './page.ts';
import { visibleLine } from './visible-text.ts';

/** What stands above the keys, and what is waited for where there are several. */
export function choiceWords(keys: readonly SigningKey[]): MessageKey {
  if (keys.length === 1) return 'signWho';
  return areOfOne(keys) ? 'signWhichChoose' : 'signWhoChoose';
}

/** `choose` is called at once where there is no choice. */
export function keyChoice(keys: readonly SigningKey[], choose: (key: string) => void): HTMLElement[] {
  const [only] = keys;
  if (only !== undefined && keys.length === 1) {
    choose(only.key);
    return [described(only, [], 'div')];
  }
  const differences = keyDifferences(keys, text('language'));
  return keys.map((key, number) => {
    const label = document.createElement('label');
    const radio = document.createElement('input');
    radio.type = 'radio';
    radio.name = 'key';
    radio.value = String(number);
    radio.addEventListener('change', () => choose(key.key));
    label.append(radio, described(key, differences[number] ?? [], 'span'));
    return label;
  });
}

/** What a holder need not understand. */
const forHelpDesk: ReadonlySet<Words[0]> = new Set<Words[0]>(['signKeyKind', 'signKeySerial']);

/** What a card says is shown as text, whatever it says. */
function described(key: SigningKey, differences: readonly Words[], name: 'div' | 'span'): HTMLElement {
  const shown = element(name, 'key');
  const line = (className: string, words: string): void => {
    if (words !== '') shown.append(element('span', className, visibleLine(words)));
  };
  line('holder', key.holder === '' ? text('holderUnknown') : key.holder);
  line('', key.organisation);
  line('label', key.holderId);
  line('label', key.issuer === '' ? '' : text('signIssuer', key.issuer));
  for (const words of differences) line(forHelpDesk.has(words[0]) ? 'label' : 'difference', text(...words));
  if (key.usage === 'authentication') line('note', text('signAuthenticationKey'));
  return shown;
}
