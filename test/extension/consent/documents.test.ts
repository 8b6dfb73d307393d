import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { Documents } from '../../../extension/consent/documents.ts';
import { pieceLength, piecesOnTheWay, type Piece } from '../../../extension/page-api/pieces.ts';

function read(contents: readonly Uint8Array[], wrong: readonly number[] = []) {
  const asked: Piece[] = [];
  let changes = 0;
  const documents = new Documents(
    contents.map((bytes, number) => ({
      name: `document ${number}`,
      type: 'text/plain',
      size: bytes.length,
      fingerprint: createHash('sha256')
        .update(wrong.includes(number) ? 'another' : bytes)
        .digest('hex'),
    })),
    (piece) => asked.push(piece),
    () => changes++,
  );
  const give = ({ document, offset, size }: Piece) =>
    documents.take(document, offset, contents[document]!.slice(offset, offset + size));
  /** Gives what is asked for until nothing more is. */
  const giveAll = () => {
    for (let piece = asked.shift(); piece !== undefined; piece = asked.shift()) give(piece);
  };
  return { documents, asked, give, giveAll, changes: () => changes };
}

const filled = (length: number, value: number): Uint8Array => new Uint8Array(length).fill(value);
const later = () => new Promise((resolve) => setTimeout(resolve, 0));

describe('the documents in the consent window', () => {
  it('are read in order, no more pieces on the way than agreed, and compared with their fingerprints', async () => {
    const contents = [filled(5 * pieceLength + 1, 1), filled(0, 0), filled(2, 2)];
    const { documents, asked, give, giveAll } = read(contents);
    documents.start();
    assert.deepEqual(
      asked.map(({ offset }) => offset / pieceLength),
      [0, 1, 2, 3],
    );
    give(asked.shift()!);
    assert.equal(asked.length, piecesOnTheWay);
    assert.deepEqual(documents.states.slice(2), ['loading']);
    giveAll();
    assert.deepEqual(await Promise.all([0, 1, 2].map((number) => documents.whole(number))), contents);
    assert.deepEqual(documents.states, ['same', 'same', 'same']);
  });

  it('are given first where they are wanted first', async () => {
    const contents = [filled(6 * pieceLength, 1), filled(9 * pieceLength, 2)];
    const { documents, asked, give } = read(contents);
    documents.start();
    const range = documents.range(1, 8 * pieceLength - 3, 8 * pieceLength + 3);
    for (const piece of asked.splice(0)) give(piece);
    assert.deepEqual(
      asked.slice(0, 2).map(({ document, offset }) => [document, offset / pieceLength]),
      [
        [1, 7],
        [1, 8],
      ],
    );
    for (const piece of asked.splice(0)) give(piece);
    assert.deepEqual(await range, filled(6, 2));
    assert.deepEqual(documents.states, ['loading', 'loading']);
  });

  it('that differ are never handed out whole', async () => {
    const { documents, giveAll, changes } = read([filled(3, 1), filled(3, 2)], [1]);
    documents.start();
    giveAll();
    await assert.rejects(documents.whole(1), /not the one/);
    await documents.whole(0);
    await later();
    assert.deepEqual(documents.states, ['same', 'differs']);
    assert.equal(changes(), 2);
  });

  it('take no piece that was not asked for, of another size, or twice', () => {
    const { documents, asked } = read([filled(3, 1)]);
    documents.start();
    documents.take(0, 0, filled(2, 1));
    documents.take(1, 0, filled(3, 1));
    documents.take(0, 1, filled(2, 1));
    assert.equal(asked.length, 1);
    assert.deepEqual(documents.states, ['loading']);
  });
});
