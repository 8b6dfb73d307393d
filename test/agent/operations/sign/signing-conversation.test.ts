// What a browser may say under the id of a request to sign, and when: anything else ends the request.
import assert from 'node:assert/strict';
import { type RequestChannel } from '../../../../agent/operations/context.ts';
import { SigningConversation } from '../../../../agent/operations/sign/signing-conversation.ts';
import { limits } from '../../../../shared/limits.ts';
import { type Signed, type SigningConsent, type SigningMessage } from '../../../../shared/signing.ts';
import { kortbroError } from '../../fake-backend.ts';
import { FakeClock } from '../../fake-clock.ts';

type Told = Parameters<RequestChannel['tell']>[0];

const id = 'one';
const consent = {} as SigningConsent;
const signed = {} as Signed;
const invalid = kortbroError('ERR_REQUEST_INVALID');

describe('The conversation of a signing', () => {
  let clock: FakeClock;
  let told: Told[];
  let say: (message: SigningMessage) => void;
  let conversation: SigningConversation;
  const { signal } = new AbortController();

  beforeEach(() => {
    clock = new FakeClock();
    told = [];
    conversation = new SigningConversation(
      { tell: (answer) => told.push(answer), hear: (listener) => (say = listener) },
      clock,
    );
  });
  afterEach(() => conversation.end());

  const receive = (size = 3) => conversation.receive([{ name: 'intyg.txt', type: 'text/plain', size }], signal);
  const piece = (data: string, offset = 0) => say({ type: 'document', id, document: 0, offset, data });

  it('takes a document, and shows it to nobody but while the holder reads', async () => {
    const receiving = receive();
    piece('QUJD');
    const [document] = await receiving;
    assert.equal(Buffer.from(document!.bytes).toString(), 'ABC');
    const read = (): void => say({ type: 'read', id, what: 'document', document: 0, offset: 1 });
    const answer = conversation.consent(consent, signal);
    read();
    assert.deepEqual(told.at(-1), { type: 'data', what: 'document', document: 0, offset: 1, data: 'QkM=' });
    const before = told.length;
    say({ type: 'consent', id, answer: 'decline' });
    assert.equal((await answer).answer, 'decline');
    read();
    assert.equal(told.length, before);
  });

  for (const data of ['QUJ', 'QUJD\n', 'QU JD', 'QUI', 'QUJ=', 'QUJD====', 'QU-_', '=', '*'.repeat(4)]) {
    it(`refuses a piece that is no canonical base64: ${JSON.stringify(data)}`, async () => {
      const receiving = receive();
      piece(data);
      await assert.rejects(receiving, invalid);
    });
  }

  it('waits for the next piece anew after each, and no longer', async () => {
    const receiving = receive(4);
    clock.advance(limits.pieceTime - 1);
    piece('QUJD');
    clock.advance(limits.pieceTime - 1);
    assert.equal(told.length, 2);
    clock.advance(1);
    await assert.rejects(receiving, kortbroError('ERR_DOCUMENT_INCOMPLETE'));
  });

  for (const message of [
    { type: 'consent', id, answer: 'sign', certificate: '0' },
    { type: 'taken', id },
    { type: 'read', id, what: 'signature', document: 0, offset: 0 },
  ] as const) {
    it(`ends at what is said out of turn: ${message.type}`, async () => {
      const receiving = receive();
      say(message);
      await assert.rejects(receiving, invalid);
    });
  }

  it('stops the signing when the holder has had enough, and when something else is said', () => {
    const stopped = conversation.progress(0);
    say({ type: 'consent', id, answer: 'decline' });
    assert.ok(kortbroError('ERR_USER_CANCELLED')(stopped.reason));
    const failed = conversation.progress(1);
    say({ type: 'taken', id });
    assert.ok(failed.aborted);
  });

  it('gives the signatures until they are taken, and not for ever', async () => {
    const signature = Buffer.from('signature');
    const taken = conversation.deliver(signed, [undefined, signature], signal);
    say({ type: 'read', id, what: 'signature', document: 1, offset: 4 });
    assert.deepEqual(told.at(-1), {
      type: 'data',
      what: 'signature',
      document: 1,
      offset: 4,
      data: signature.subarray(4).toString('base64'),
    });
    // The holder's last word came too late to stop anything.
    say({ type: 'consent', id, answer: 'decline' });
    say({ type: 'taken', id });
    await taken;
    const forgotten = conversation.deliver(signed, [signature], signal);
    clock.advance(limits.fetchTime);
    await assert.rejects(forgotten, kortbroError('ERR_DOCUMENT_INCOMPLETE'));
  });

  it('gives nothing of a document that could not be signed', async () => {
    const taken = conversation.deliver(signed, [undefined], signal);
    say({ type: 'read', id, what: 'signature', document: 0, offset: 0 });
    await assert.rejects(taken, invalid);
  });
});
