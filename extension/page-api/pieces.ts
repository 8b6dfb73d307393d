// How bytes travel: each document, or each signature, in order and from its start, in pieces of one length. Both ends of
// a hop reckon the same list, so that what may come next is known and anything else is refused. An empty one has no piece.

/** limits.documentPiece and limits.documentWindow, without the whole table: this goes into every page. */
export const pieceLength = 524_288;
export const piecesOnTheWay = 4;

/** A piece by its place. */
export interface Piece {
  readonly document: number;
  readonly offset: number;
  readonly size: number;
}

/** The pieces of documents with these sizes. */
export function piecesOf(sizes: readonly number[]): Piece[] {
  const pieces: Piece[] = [];
  for (let document = 0; document < sizes.length; document++) {
    const total = sizes[document] ?? 0;
    for (let offset = 0; offset < total; offset += pieceLength) {
      const rest = total - offset;
      const size = rest < pieceLength ? rest : pieceLength;
      pieces[pieces.length] = { document, offset, size };
    }
  }
  return pieces;
}
