// @ts-check
// Tells whoever is logged in that the card has left the reader. The session itself stays: ending it is the server's matter.
import { kortbro } from './kortbro.js';

const notice = document.getElementById('notice');

kortbro.on('cardremoved', () => show('removed'));
kortbro.on('cardinserted', () => notice?.className === 'alarming' && show('inserted'));
kortbro.status().then(
  ({ card }) => card === 'absent' && show('removed'),
  () => undefined, // without Kortbro there is nothing to tell
);

/** @param {'removed' | 'inserted'} what */
function show(what) {
  if (notice === null) return;
  const sentences = [notice.dataset[what], what === 'removed' ? notice.dataset.removedHint : undefined];
  notice.className = what === 'removed' ? 'alarming' : 'calm';
  notice.replaceChildren(
    ...sentences
      .filter((sentence) => sentence !== undefined)
      .map((sentence) => {
        const made = document.createElement('p');
        made.textContent = sentence;
        return made;
      }),
  );
}
