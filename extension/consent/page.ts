// The window's own elements and words.
import { type MessageKey } from '../background/screen-texts.ts';

export function text(key: MessageKey, ...substitutions: string[]): string {
  return chrome.i18n.getMessage(key, substitutions);
}

export function byId(id: string): HTMLElement {
  const found = document.getElementById(id);
  if (found === null) throw new Error(`consent.html has no #${id}`);
  return found;
}

/** Writes only what has changed, so that a screen reader says it once. */
export function setText(target: Element, words: string): void {
  if (target.textContent !== words) target.textContent = words;
}

export function element(name: string, className: string, words = ''): HTMLElement {
  const made = document.createElement(name);
  if (className !== '') made.className = className;
  made.textContent = words;
  return made;
}
