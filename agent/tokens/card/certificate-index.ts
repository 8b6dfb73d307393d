// Which certificates an IDPrime says that it has, in the index of its files (Microsoft's minidriver file system). Asked only where its
// driver seems to keep some back: OpenSC shows neither certificate nor key nor public key of a certificate that it cannot parse. Pure.

/** SELECT of the index (file 0101 of the application that the driver has selected); the answer tells the file's size. */
export const selectIndex: Uint8Array = Buffer.from('00a40800020101', 'hex');

/** Bytes of one READ BINARY, and pieces that are read at most: 80 files. */
const pieceSize = 255;
const mostPieces = 7;
/** File identifier 2, size 2, name 8, folder 9; the names are ended by zeros. */
const entrySize = 21;

/** Whether a driver may have left certificates out: it shows none, or counts them (CKA_ID 0001, 0002, ...) and one is missing. */
export function maybeIncomplete(ids: readonly string[]): boolean {
  const numbers = ids.map((id) => (/^[\da-f]{4}$/.test(id) ? Number.parseInt(id, 16) : 0));
  return Math.max(1, ...numbers) > ids.length;
}

/** READ BINARY (ISO 7816-4 7.2.3) over the whole index, whose size the answer to SELECT tells; none when it does not. */
export function indexReads(selected: Uint8Array): Uint8Array[] {
  const size = fileSize(selected);
  const reads: Uint8Array[] = [];
  for (let at = 0; at < size && reads.length < mostPieces; at += pieceSize) {
    // Not one byte more than there is: these cards refuse that.
    reads.push(Uint8Array.of(0x00, 0xb0, at >> 8, at & 0xff, Math.min(pieceSize, size - at)));
  }
  return reads;
}

/** Certificates (mscp/kxcNN and mscp/kscNN) in the answers to `indexReads`; as many as are to be seen when the index is cut off. */
export function certificatesInIndex(answers: readonly Uint8Array[]): number {
  const index = Buffer.concat(answers.map((answer) => (isOk(answer) ? answer.subarray(0, -2) : new Uint8Array())));
  let certificates = 0;
  for (let entry = 0; entry < (index[0] ?? 0); entry += 1) {
    const at = 1 + entry * entrySize;
    const name = index.toString('latin1', at + 4, at + 12);
    const folder = index.toString('latin1', at + 12, at + 17);
    if (/^k[sx]c/.test(name) && folder === 'mscp\0') certificates += 1;
  }
  return certificates;
}

/** Tag 81 of the file control parameters (ISO 7816-4 7.4.3): the size of all that is in the file. */
function fileSize(selected: Uint8Array): number {
  if (!isOk(selected) || selected[0] !== 0x6f) return 0;
  for (let at = 2; at + 3 < selected.length - 2; at += 2 + (selected[at + 1] ?? 0)) {
    if (selected[at] === 0x81 && selected[at + 1] === 2)
      return ((selected[at + 2] ?? 0) << 8) | (selected[at + 3] ?? 0);
  }
  return 0;
}

function isOk(answer: Uint8Array): boolean {
  return answer.at(-2) === 0x90 && answer.at(-1) === 0x00;
}
