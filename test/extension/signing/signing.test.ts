// One signing in the background, between a page, an agent and a window that may each say anything at any time.
import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import { type ConsentMessage } from '../../../extension/background/signing/consent-messages.ts';
import { type SignQuestion } from '../../../extension/background/signing/sign-question.ts';
import { Signing, type SigningTold } from '../../../extension/background/signing/signing.ts';
import { pieceLength, piecesOnTheWay } from '../../../extension/page-api/pieces.ts';
import { encodeBase64 } from '../../../shared/base64.ts';
import { parseAgentMessage, parseClientMessage } from '../../../shared/messages.ts';
import { type SigningAnswer, type SigningConsent, type SigningMessage } from '../../../shared/signing.ts';
import { signingKey } from '../signing-agent.ts';

const origin = 'https://journal.example';
const id = 'ours-1';

function questionOf(sizes: readonly number[]): SignQuestion {
  return {
    type: 'request',
    language: 'en',
    verb: 'sign',
    caller: { kind: 'page', origin },
    documents: sizes.map((size, number) => ({ name: `document ${number}`, type: 'text/plain', size })),
    format: { type: 'raw' },
  };
}

function consentOf({ documents, format }: SignQuestion): SigningConsent {
  return {
    origin,
    documents: documents.map((entry) => ({ ...entry, fingerprint: 'ab'.repeat(32) })),
    format,
    level: 'B-B',
    keys: [signingKey],
  };
}

function background(sizes: readonly number[] = [3]) {
  const question = questionOf(sizes);
  const toAgent: SigningMessage[] = [];
  const toPage: SigningTold[] = [];
  const toWindow: ConsentMessage[] = [];
  const events: string[] = [];
  const signing = new Signing(id, question, {
    toAgent: (message) => {
      parseClientMessage(message);
      toAgent.push(message);
    },
    toPage: (told) => toPage.push(told),
    askHolder: () => events.push('ask'),
    toWindow: (message) => toWindow.push(message),
    closeWindow: () => events.push('close'),
    giveUp: (code) => events.push(code),
    distrust: () => events.push('distrust'),
  });
  const page = (document: number, offset: number, data: string) =>
    signing.fromPage({ verb: 'document', id: 'theirs', document, offset, data });
  const fetched = (document: number, offset: number) =>
    signing.fromPage({ verb: 'fetched', id: 'theirs', document, offset });
  const agent = (message: Partial<SigningAnswer>) =>
    signing.fromAgent(parseAgentMessage({ ...message, id }) as SigningAnswer);
  const receiving = () => agent({ type: 'signing', stage: 'receiving' });
  const taken = (document: number, offset: number) => agent({ type: 'document-taken', document, offset });
  const consent = () => agent({ type: 'signing', stage: 'consent', consent: consentOf(question) });
  const send = () => {
    receiving();
    sizes.forEach((size, document) => {
      for (let offset = 0; offset < size; offset += pieceLength) {
        const length = Math.min(pieceLength, size - offset);
        page(document, offset, bytes(length));
        taken(document, offset + length);
      }
    });
  };
  const agree = () => {
    send();
    consent();
    signing.fromWindow({ verb: 'sign', certificate: 'key' });
  };
  const signed = (sizesOut: readonly number[]) =>
    agent({
      type: 'signing',
      stage: 'signed',
      signed: {
        documents: sizesOut.map((size) =>
          size < 0 ? { status: 'failed', code: 'ERR_DOCUMENT_FORMAT' } : { status: 'signed', size },
        ),
        certificate: 'AAAA',
        algorithm: 'ES256',
      },
    });
  // prettier-ignore
  return { question, signing, toAgent, toPage, toWindow, events, page, fetched, agent, receiving, taken, consent, send, agree, signed };
}

const bytes = (length: number): string => encodeBase64(new Uint8Array(length));

describe('a signing in the background', () => {
  it('passes documents to the agent and acknowledgements to the page', () => {
    const { receiving, page, taken, toAgent, toPage, events } = background([3, 0, 2]);
    receiving();
    page(0, 0, bytes(3));
    page(2, 0, bytes(2));
    taken(0, 3);
    taken(2, 2);
    assert.deepEqual(toAgent, [
      { type: 'document', id, document: 0, offset: 0, data: bytes(3) },
      { type: 'document', id, document: 2, offset: 0, data: bytes(2) },
    ]);
    assert.deepEqual(toPage, [
      { signing: { stage: 'receiving' } },
      { signing: { stage: 'taken', pieces: 1 } },
      { signing: { stage: 'taken', pieces: 2 } },
    ]);
    assert.deepEqual(events, []);
  });

  describe('ends the request of a page that', () => {
    const cases: Record<string, (b: ReturnType<typeof background>) => void> = {
      'sends before it is asked to': ({ page }) => page(0, 0, bytes(pieceLength)),
      'sends another document first': ({ receiving, page }) => {
        receiving();
        page(1, 0, bytes(1));
      },
      'leaves something out': ({ receiving, page }) => {
        receiving();
        page(0, pieceLength, bytes(pieceLength));
      },
      'sends short pieces': ({ receiving, page }) => {
        receiving();
        page(0, 0, bytes(1));
      },
      'sends long pieces': ({ receiving, page }) => {
        receiving();
        page(0, 0, bytes(pieceLength + 3));
      },
      'sends what is no base64': ({ receiving, page }) => {
        receiving();
        page(0, 0, '*'.repeat(pieceLength));
      },
      'does not wait': ({ receiving, page }) => {
        receiving();
        for (let i = 0; i <= piecesOnTheWay; i++) page(0, i * pieceLength, bytes(pieceLength));
      },
      'sends more than it has announced': ({ send, page }) => {
        send();
        page(1, 1, bytes(1));
      },
      'sends once more while the holder reads': ({ send, consent, page }) => {
        send();
        consent();
        page(0, 0, bytes(1));
      },
    };
    for (const [words, act] of Object.entries(cases)) {
      it(words, () => {
        const made = background([6 * pieceLength, 1]);
        act(made);
        assert.deepEqual(
          made.events.filter((event) => event !== 'ask'),
          ['ERR_DOCUMENT_INCOMPLETE'],
        );
        assert.ok(!made.events.includes('distrust'));
      });
    }

    it('says that it has got what it has not', () => {
      const { agree, signed, fetched, events } = background();
      agree();
      signed([pieceLength + 1]);
      fetched(0, pieceLength);
      assert.deepEqual(events, ['ask', 'close', 'ERR_REQUEST_INVALID']);
    });
  });

  describe('distrusts an agent that', () => {
    const cases: Record<string, (b: ReturnType<typeof background>) => void> = {
      'wants to receive twice': ({ receiving }) => {
        receiving();
        receiving();
      },
      'takes what was not sent': ({ receiving, taken }) => {
        receiving();
        taken(0, 3);
      },
      'takes half a piece': ({ receiving, page, taken }) => {
        receiving();
        page(0, 0, bytes(3));
        taken(0, 2);
      },
      'takes a piece twice': ({ send, taken }) => {
        send();
        taken(0, 3);
      },
      'asks for consent before it has everything': ({ receiving, consent }) => {
        receiving();
        consent();
      },
      'asks for consent twice': ({ send, consent }) => {
        send();
        consent();
        consent();
      },
      'names another origin': ({ send, agent, question }) => {
        send();
        agent({
          type: 'signing',
          stage: 'consent',
          consent: { ...consentOf(question), origin: 'https://other.example' },
        });
      },
      'names another document': ({ send, agent, question }) => {
        send();
        const told = consentOf(question);
        const documents = told.documents.map((entry) => ({ ...entry, type: 'text/html' }));
        agent({ type: 'signing', stage: 'consent', consent: { ...told, documents } });
      },
      'signs before the holder has answered': ({ send, consent, signed }) => {
        send();
        consent();
        signed([3]);
      },
      'goes on before the holder has answered': ({ send, consent, agent }) => {
        send();
        consent();
        agent({ type: 'signing', stage: 'progress', done: 0 });
      },
      'signs more documents than there are': ({ agree, signed }) => {
        agree();
        signed([3, 3]);
      },
      'has done more than there are': ({ agree, agent }) => {
        agree();
        agent({ type: 'signing', stage: 'progress', done: 2 });
      },
      'gives what was not wanted': ({ send, consent, agent }) => {
        send();
        consent();
        agent({ type: 'data', what: 'document', document: 0, offset: 0, data: bytes(3) });
      },
      'gives less than was wanted': ({ send, consent, signing, agent }) => {
        send();
        consent();
        signing.fromWindow({ verb: 'read', document: 0, offset: 0 });
        agent({ type: 'data', what: 'document', document: 0, offset: 0, data: bytes(2) });
      },
      'gives a signature of another size': ({ agree, signed, agent }) => {
        agree();
        signed([4]);
        agent({ type: 'data', what: 'signature', document: 0, offset: 0, data: bytes(3) });
      },
    };
    for (const [words, act] of Object.entries(cases)) {
      it(words, () => {
        const made = background();
        act(made);
        assert.equal(made.events.at(-1), 'distrust');
      });
    }
  });

  it('gives the window only what it asks for and what there is, while it may ask', () => {
    const { signing, send, consent, agent, toAgent, toWindow, events } = background([3]);
    signing.fromWindow({ verb: 'read', document: 0, offset: 0 });
    send();
    consent();
    const before = toAgent.length;
    for (const [document, offset] of [
      [0, 1],
      [1, 0],
      [-1, 0],
    ] as const) {
      signing.fromWindow({ verb: 'read', document, offset });
    }
    assert.equal(toAgent.length, before);
    signing.fromWindow({ verb: 'read', document: 0, offset: 0 });
    assert.deepEqual(toAgent.at(-1), { type: 'read', id, what: 'document', document: 0, offset: 0 });
    signing.fromWindow({ verb: 'sign', certificate: 'key' });
    agent({ type: 'data', what: 'document', document: 0, offset: 0, data: bytes(3) });
    assert.deepEqual(toWindow, [{ piece: { document: 0, offset: 0, data: bytes(3) } }]);
    assert.deepEqual(events, ['ask']);
  });

  it('takes one answer of the holder, and none before it has asked', () => {
    const { signing, send, consent, toAgent, events } = background();
    signing.fromWindow({ verb: 'sign', certificate: 'key' });
    signing.fromWindow({ verb: 'cancel' });
    send();
    const before = toAgent.length;
    consent();
    signing.fromWindow({ verb: 'sign', certificate: 'key' });
    signing.fromWindow({ verb: 'sign', certificate: 'other' });
    signing.fromWindow({ verb: 'decline' });
    assert.deepEqual(toAgent.slice(before), [{ type: 'consent', id, answer: 'sign', certificate: 'key' }]);
    signing.fromWindow({ verb: 'cancel' });
    signing.fromWindow({ verb: 'cancel' });
    assert.deepEqual(events, ['ask', 'ERR_USER_CANCELLED']);
  });

  it('keeps what is signed when the holder has had enough while signatures are made', () => {
    const { signing, agree, agent, signed, toAgent, events } = background([1, 1]);
    agree();
    agent({ type: 'signing', stage: 'progress', done: 1 });
    const before = toAgent.length;
    signing.fromWindow({ verb: 'cancel' });
    signing.fromWindow({ verb: 'cancel' });
    assert.deepEqual(toAgent.slice(before), [{ type: 'consent', id, answer: 'decline' }]);
    signed([2, -1]);
    assert.deepEqual(toAgent.at(-1), { type: 'read', id, what: 'signature', document: 0, offset: 0 });
    assert.deepEqual(events, ['ask']);
  });

  it('fetches signatures as the page takes them, then says that they are taken', () => {
    const { signing, agree, signed, agent, fetched, toAgent, toPage, events } = background([1, 1]);
    agree();
    const before = toAgent.length;
    signed([5 * pieceLength, 1]);
    assert.deepEqual(events, ['ask', 'close']);
    const wanted = () =>
      toAgent.slice(before).map((message) => ('offset' in message ? message.offset / pieceLength : message.type));
    assert.deepEqual(wanted(), [0, 1, 2, 3]);
    const give = (document: number, offset: number, length: number) =>
      agent({ type: 'data', what: 'signature', document, offset, data: bytes(length) });
    for (let i = 0; i < 4; i++) give(0, i * pieceLength, pieceLength);
    assert.equal(wanted().length, 4, 'none more is asked for before the page has one');
    fetched(0, pieceLength);
    fetched(0, 2 * pieceLength);
    assert.deepEqual(wanted(), [0, 1, 2, 3, 4, 0]);
    give(0, 4 * pieceLength, pieceLength);
    give(1, 0, 1);
    for (const end of [3, 4, 5]) fetched(0, end * pieceLength);
    assert.ok(!signing.isDone);
    fetched(1, 1);
    assert.ok(signing.isDone);
    assert.equal(wanted().at(-1), 'taken');
    assert.equal(toPage.filter((told) => 'piece' in told).length, 6);
    assert.deepEqual(events, ['ask', 'close']);
  });

  it('leaves the window open where documents could not be signed, and closing it then gives nothing up', () => {
    const { signing, agree, signed, toWindow, toPage, events } = background([1, 1]);
    agree();
    signed([4, -1]);
    signing.fromWindow({ verb: 'cancel' });
    assert.deepEqual(events, ['ask']);
    assert.deepEqual(toWindow, [{ partly: [{ document: 1, code: 'ERR_DOCUMENT_FORMAT' }] }]);
    const told = toPage.at(-1);
    assert.ok(told !== undefined && 'signing' in told && told.signing.stage === 'signed');
    assert.deepEqual(told.signing.documents[1], {
      status: 'failed',
      code: 'ERR_DOCUMENT_FORMAT',
      message: 'The document is damaged, or is not what it claims to be. Contact the support of the site.',
    });
  });

  it('never tells the agent that the holder agrees unless the window has said so', () => {
    const numbers = fc.integer({ min: -1, max: 2 });
    const steps = fc.oneof(
      fc.record({ do: fc.constant('page'), document: numbers, offset: numbers }),
      fc.record({ do: fc.constant('fetched'), document: numbers, offset: numbers }),
      fc.record({ do: fc.constantFrom('receiving', 'taken', 'consent', 'signed', 'decline', 'cancel', 'read') }),
    );
    fc.assert(
      fc.property(fc.array(steps, { maxLength: 30 }), (said) => {
        const b = background([1]);
        for (const step of said) {
          if (step.do === 'page' && 'document' in step) b.page(step.document, step.offset, bytes(1));
          if (step.do === 'fetched' && 'document' in step) b.fetched(step.document, step.offset);
          if (step.do === 'receiving') b.receiving();
          if (step.do === 'taken') b.taken(0, 1);
          if (step.do === 'consent') b.consent();
          if (step.do === 'signed') b.signed([1]);
          if (step.do === 'decline' || step.do === 'cancel') b.signing.fromWindow({ verb: step.do });
          if (step.do === 'read') b.signing.fromWindow({ verb: 'read', document: 0, offset: 0 });
        }
        assert.ok(!b.toAgent.some((message) => message.type === 'consent' && message.answer === 'sign'));
        assert.ok(!b.toAgent.some(({ type }) => type === 'taken'));
      }),
    );
  });
});
