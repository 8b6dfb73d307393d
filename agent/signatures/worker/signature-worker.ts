// The thread that makes signature containers: an ES module of its own, since libxml2 is loaded with a top-level await. Hostile
// documents are parsed in here and nowhere else in the agent. One job at a time; whatever needs key or network is asked for.
import { parentPort } from 'node:worker_threads';
import { SignatureError } from '../signature-error.ts';
import { type SignatureSurroundings, type Signer } from '../signer.ts';
import { exclusiveCanonicalization } from '../xml-algorithms.ts';
import { canonicalize, withXml } from '../xml.ts';
import { make } from './makers.ts';
import { ownBuffer } from './own-buffer.ts';
import { type Answers, type FromThread, type Question, type ToThread } from './signature-job.ts';

type JobMessage = Extract<ToThread, { type: 'job' }>;

const port = parentPort;
if (port === null) throw new Error('runs as a thread of the agent only');

/** Questions that have no answer yet. */
const open = new Map<number, { resolve: (answer: never) => void; reject: (error: Error) => void }>();
let questions = 0;

// The first use of WebAssembly is the slow one: now, while nobody waits for it.
withXml(Buffer.from('<ready/>'), (document) => canonicalize(document, exclusiveCanonicalization, () => undefined));

port.on('message', (message: ToThread) => {
  if (message.type === 'job') {
    void work(message);
    return;
  }
  const waiting = open.get(message.id);
  open.delete(message.id);
  if (message.type === 'answer') waiting?.resolve(message.answer as never);
  else waiting?.reject(new Error('no answer'));
});

async function work({ job, signer, now, asks }: JobMessage): Promise<void> {
  const surroundings: SignatureSurroundings = {
    now,
    ...(asks.timeStamp && {
      timeStamp: (hash, imprint) => ask({ what: 'timeStamp', hash, imprint: ownBuffer(imprint) }),
    }),
    ...(asks.revocation && {
      revocation: {
        ofSigner: () => ask({ what: 'revocation' }),
        ofTimeStamp: (token) => ask({ what: 'revocation', token: new Uint8Array(token) }),
      },
    }),
  };
  const asking: Signer = {
    ...signer,
    // A copy: what is transferred is gone here, and its maker may go on with it.
    sign: (bytes) => ask({ what: 'sign', toBeSigned: new Uint8Array(bytes) }),
  };
  try {
    const result = ownBuffer(await make(job, asking, surroundings));
    send({ type: 'made', result }, result);
  } catch (error) {
    if (error instanceof SignatureError) send({ type: 'refused', code: error.code, reason: error.reason });
    else send({ type: 'failed', error: error instanceof Error ? error.constructor.name : typeof error });
  }
}

function ask<What extends keyof Answers>(question: Question & { what: What }): Promise<Answers[What]> {
  questions += 1;
  const id = questions;
  return new Promise((resolve, reject) => {
    open.set(id, { resolve, reject });
    const bytes = 'toBeSigned' in question ? question.toBeSigned : undefined;
    send({ type: 'question', id, question }, bytes);
  });
}

function send(message: FromThread, bytes?: Uint8Array): void {
  port?.postMessage(message, bytes === undefined ? [] : [bytes.buffer as ArrayBuffer]);
}
