// kortbro.sign() in the page: what is sent, when, and what comes of it.
import assert from 'node:assert/strict';
import { type SignProgress, type SignRequest } from '../../extension/page-api/api.ts';
import { createPageClient } from '../../extension/page-api/page-client.ts';
import { pieceLength, piecesOf, piecesOnTheWay } from '../../extension/page-api/pieces.ts';
import { type BytesPiece, type SigningNews } from '../../extension/page-api/sign-messages.ts';
import { limits } from '../../shared/limits.ts';

interface Asked {
  id: string;
  verb: string;
  documents: { name: string; type: string; size: number }[];
}

const format = { type: 'cms', attached: false } as const;
const certificate = 'AAAA';

function page() {
  const said: Asked[] = [];
  const pieces: BytesPiece[] = [];
  let receive: (spoken: string | BytesPiece) => void = () => undefined;
  const kortbro = createPageClient((to) => {
    receive = to;
    return (spoken) => {
      if (typeof spoken === 'string') said.push(JSON.parse(spoken) as Asked);
      else pieces.push(spoken);
    };
  });
  const id = (): string => said[0]!.id;
  const tell = (signing: SigningNews) => receive(JSON.stringify({ id: id(), signing }));
  const answer = (message: object) => receive(JSON.stringify({ id: id(), ...message }));
  const give = (document: number, offset: number, bytes: Uint8Array) => receive({ id: id(), document, offset, bytes });
  return { kortbro, said, pieces, tell, answer, give };
}

const settled = async (): Promise<void> => {
  for (let i = 0; i < 50; i++) await new Promise((resolve) => setImmediate(resolve));
};

function patterned(length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, i) => (i * 7) % 251);
}

describe('signing in the page', () => {
  it('cuts bytes as shared/limits.ts says', () => {
    assert.deepEqual([pieceLength, piecesOnTheWay], [limits.documentPiece, limits.documentWindow]);
    assert.deepEqual(piecesOf([0, 3, pieceLength + 1]), [
      { document: 1, offset: 0, size: 3 },
      { document: 2, offset: 0, size: pieceLength },
      { document: 2, offset: pieceLength, size: 1 },
    ]);
  });

  it('announces every kind of content with its size in bytes, and sends nothing before it is asked to', async () => {
    const { kortbro, said, pieces } = page();
    const view = patterned(10).subarray(2, 7);
    void kortbro.sign({
      documents: [
        { name: 'text', type: 'text/plain', content: 'åäö' },
        { name: 'buffer', type: 'a/b', content: new ArrayBuffer(4) },
        { name: 'view', type: 'a/b', content: view },
        { name: 'blob', type: 'a/b', content: new Blob(['four']) },
      ],
      format,
      level: 'B-T',
    });
    await settled();
    const { id, ...request } = said[0]!;
    assert.match(id, /^[0-9a-f-]{36}$/);
    assert.deepEqual(request, {
      verb: 'sign',
      documents: [
        { name: 'text', type: 'text/plain', size: 6 },
        { name: 'buffer', type: 'a/b', size: 4 },
        { name: 'view', type: 'a/b', size: 5 },
        { name: 'blob', type: 'a/b', size: 4 },
      ],
      format,
      level: 'B-T',
    });
    assert.deepEqual(pieces, []);
  });

  for (const [kind, contentOf] of [
    ['bytes', (bytes: Uint8Array) => bytes],
    ['a blob', (bytes: Uint8Array) => new Blob([bytes as BlobPart])],
  ] as const) {
    it(`sends ${kind} in pieces of their own, in order, and never more on the way than agreed`, async () => {
      const { kortbro, pieces, tell } = page();
      const bytes = patterned(6 * pieceLength + 5);
      const documents = [
        { name: 'one', type: 'a/b', content: contentOf(bytes) },
        { name: 'two', type: 'text/plain', content: 'x' },
      ];
      void kortbro.sign({ documents, format });
      tell({ stage: 'receiving' });
      await settled();
      assert.equal(pieces.length, piecesOnTheWay);
      tell({ stage: 'taken', pieces: 1 });
      await settled();
      assert.equal(pieces.length, piecesOnTheWay + 1);
      tell({ stage: 'taken', pieces: 5 });
      await settled();
      assert.equal(pieces.length, 8);
      const whole = new Uint8Array(bytes.length);
      for (const { document, offset, bytes: piece } of pieces.slice(0, 7)) {
        assert.equal(document, 0);
        assert.equal(piece.buffer.byteLength, piece.length, 'its buffer can be given away');
        whole.set(piece, offset);
      }
      assert.ok(Buffer.from(whole).equals(bytes));
      assert.deepEqual([pieces[7]?.document, pieces[7]?.offset, pieces[7]?.bytes], [1, 0, Uint8Array.of(120)]);
    });
  }

  it('resolves with the signatures, whole and in order, and tells how far it has come', async () => {
    const { kortbro, tell, give, answer } = page();
    const progress: SignProgress[] = [];
    const documents = ['a', 'b', 'c'].map((name) => ({ name, type: 'text/plain', content: name }));
    const signing = kortbro.sign({ documents, format }, { onProgress: (told) => progress.push(told) });
    tell({ stage: 'receiving' });
    await settled();
    tell({ stage: 'taken', pieces: 3 });
    tell({ stage: 'consent' });
    tell({ stage: 'progress', done: 0 });
    tell({ stage: 'progress', done: 2 });
    const signature = patterned(pieceLength + 2);
    const failed = { status: 'failed', code: 'ERR_DOCUMENT_FORMAT', message: 'Damaged.' } as const;
    tell({
      stage: 'signed',
      documents: [{ status: 'signed', size: signature.length }, failed, { status: 'signed', size: 1 }],
      certificate,
      algorithm: 'ES256',
    });
    give(0, 0, signature.slice(0, pieceLength));
    give(0, pieceLength, signature.slice(pieceLength));
    give(2, 0, Uint8Array.of(9));
    answer({ result: { signed: 2 } });
    const result = await signing;
    assert.deepEqual(result, {
      documents: [
        { name: 'a', status: 'signed', signature },
        { name: 'b', ...failed },
        { name: 'c', status: 'signed', signature: Uint8Array.of(9) },
      ],
      certificate,
      algorithm: 'ES256',
    });
    const total = signature.length + 1;
    assert.deepEqual(progress, [
      { stage: 'sending', sent: 0, total: 3 },
      { stage: 'sending', sent: 3, total: 3 },
      { stage: 'reading' },
      { stage: 'consent' },
      { stage: 'signing', done: 0, of: 3 },
      { stage: 'signing', done: 2, of: 3 },
      { stage: 'receiving', received: 0, total },
      { stage: 'receiving', received: pieceLength, total },
      { stage: 'receiving', received: total - 1, total },
      { stage: 'receiving', received: total, total },
    ]);
  });

  it('rejects where an answer comes before the signatures have', async () => {
    const { kortbro, tell, answer } = page();
    const signing = kortbro.sign({ documents: [{ name: 'a', type: 'text/plain', content: 'a' }], format });
    tell({ stage: 'signed', documents: [{ status: 'signed', size: 4 }], certificate, algorithm: 'ES256' });
    answer({ result: { signed: 1 } });
    await assert.rejects(signing, { code: 'ERR_AGENT_INTERNAL' });
  });

  it('sends nothing more once it is aborted or has failed, and tells nothing either', async () => {
    for (const end of ['abort', 'error'] as const) {
      const { kortbro, said, pieces, tell, answer } = page();
      const controller = new AbortController();
      const told: SignProgress[] = [];
      const content = patterned(9 * pieceLength);
      const signing = kortbro.sign(
        { documents: [{ name: 'a', type: 'a/b', content }], format },
        { signal: controller.signal, onProgress: (progress) => told.push(progress) },
      );
      tell({ stage: 'receiving' });
      await settled();
      if (end === 'abort') controller.abort();
      else answer({ error: { code: 'ERR_CARD_REMOVED', message: 'x' } });
      await assert.rejects(signing, { code: end === 'abort' ? 'ERR_REQUEST_CANCELLED' : 'ERR_CARD_REMOVED' });
      tell({ stage: 'taken', pieces: 4 });
      await settled();
      assert.equal(pieces.length, piecesOnTheWay);
      assert.equal(told.length, 1);
      assert.equal(said.length, end === 'abort' ? 2 : 1);
    }
  });

  it('gives up a document that has changed its size, or cannot be read, on both sides', async () => {
    const detached = new ArrayBuffer(8);
    for (const content of [detached, new Blob(['abcdefgh'])]) {
      const { kortbro, said, tell } = page();
      const signing = kortbro.sign({ documents: [{ name: 'a', type: 'a/b', content }], format });
      if (content === detached) structuredClone(detached, { transfer: [detached] });
      else Object.assign(content, { slice: () => assert.fail('the browser has its own') });
      tell({ stage: 'receiving' });
      await settled();
      if (content !== detached) {
        assert.equal(said.length, 1);
        continue;
      }
      await assert.rejects(signing, { code: 'ERR_DOCUMENT_INCOMPLETE' });
      assert.deepEqual(said[1], { verb: 'cancel', id: said[0]!.id });
    }
  });

  it('survives an onProgress that throws, or is no function', async () => {
    const reported: unknown[] = [];
    const before = globalThis.reportError as unknown;
    const { kortbro, tell, answer, give } = page();
    const onProgress = (): void => {
      reported.push(1);
      throw new Error('hostile');
    };
    const documents = [{ name: 'a', type: 'text/plain', content: 'a' }];
    const signing = kortbro.sign({ documents, format }, before === undefined ? {} : { onProgress });
    void kortbro.sign({ documents, format }, { onProgress: 7 as unknown as () => void });
    tell({ stage: 'receiving' });
    await settled();
    tell({ stage: 'taken', pieces: 1 });
    tell({ stage: 'signed', documents: [{ status: 'signed', size: 1 }], certificate, algorithm: 'RS1' });
    give(0, 0, Uint8Array.of(1));
    answer({ result: { signed: 1 } });
    assert.equal((await signing).algorithm, 'RS1');
  });

  it('passes what is no request on as something that is refused with its code', async () => {
    const { kortbro, said } = page();
    const sign = kortbro.sign as (request?: unknown) => Promise<unknown>;
    const document = { name: 'a', type: 'a/b' };
    const wrong = [
      undefined,
      null,
      {},
      { documents: 7 },
      { documents: [null], format },
      { documents: [document], format },
    ];
    for (const request of [...wrong, { documents: [{ ...document, content: 7 }], format }]) void sign(request);
    void sign({ documents: [{ ...document, name: Symbol('x'), content: 'x' }], format });
    assert.equal(said.length, 8);
    for (const { documents = [] } of said) assert.deepEqual(documents, []);
    await assert.rejects(sign({ documents: [{ ...document, content: 'x' }], format: 7n }), {
      code: 'ERR_REQUEST_INVALID',
    });
  });

  it("keeps a library's toJSON on arrays out of what is sent", () => {
    const { kortbro, said } = page();
    Object.assign(Array.prototype, { toJSON: () => 'broken' });
    try {
      const request: SignRequest = { documents: [{ name: 'a', type: 'text/plain', content: 'a' }], format };
      void kortbro.sign(request);
    } finally {
      delete (Array.prototype as { toJSON?: unknown }).toJSON;
    }
    assert.deepEqual(said[0]?.documents, [{ name: 'a', type: 'text/plain', size: 1 }]);
  });
});
