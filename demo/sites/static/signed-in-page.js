// @ts-check
// Tells whoever is logged in what the card does, and saves what was being written before the page is taken away. Ending the
// session is not the page's matter: Kortbro tells the server by itself.
import { kortbro } from './kortbro.js';

const notice = /** @type {HTMLElement} */ (document.getElementById('notice'));
const note = /** @type {HTMLTextAreaElement} */ (document.getElementById('note'));
let saved = note.value;

kortbro.on('cardremoved', () => show('removed', 'alarming'));
kortbro.on('cardinserted', () => notice.className === 'alarming' && show('inserted', 'calm'));
kortbro.on('loggedout', (event) => {
  show('loggedOut', 'alarming');
  event.waitUntil(saveNote());
});
kortbro.status().then(
  ({ card }) => card === 'absent' && show('removed', 'alarming'),
  () => undefined, // without Kortbro there is nothing to tell
);

/** The session lives until this is done, or half a second has passed. */
async function saveNote() {
  const text = note.value;
  if (text === saved) return;
  const headers = { 'Content-Type': 'application/json' };
  await fetch('/draft', { method: 'POST', headers, body: JSON.stringify({ text }), keepalive: true });
  saved = text;
}

/**
 * @param {'removed' | 'inserted' | 'loggedOut'} what
 * @param {'alarming' | 'calm'} manner
 */
function show(what, manner) {
  const sentence = document.createElement('p');
  sentence.textContent = notice.dataset[what] ?? '';
  notice.className = manner;
  notice.replaceChildren(sentence);
}
