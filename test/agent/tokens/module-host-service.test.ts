// The child's side of the protocol with a backend that answers what it is told to: nothing that a driver says may break a frame.
import assert from 'node:assert/strict';
import { hostAnswer, type HostAnswer } from '../../../agent/tokens/module-host-protocol.ts';
import { ModuleHostService } from '../../../agent/tokens/module-host-service.ts';
import { type TokenBackend, TokenError } from '../../../agent/tokens/token.ts';
import { parseStrictJson } from '../../../shared/strict-json.ts';

const never = (): Promise<never> => Promise.reject(new Error('not expected'));
const idle: TokenBackend = {
  bind: never,
  pinStatus: never,
  login: never,
  sign: never,
  signWithPin: never,
  lock: never,
  release: never,
};

const pinSignature = {
  id: 3,
  call: 'signWithPin',
  handle: 'x',
  certificate: '46',
  algorithm: 'RS256',
  finalTryConfirmed: false,
} as const;

function serviceOf(backend: Partial<TokenBackend>): {
  ask: (request: unknown, bytes?: Buffer) => Promise<{ answer: HostAnswer; bytes: Uint8Array }>;
} {
  const answers: { answer: HostAnswer; bytes: Uint8Array }[] = [];
  const service = new ModuleHostService(
    () => Promise.resolve({ backend: { ...idle, ...backend }, forgetPins: () => Promise.resolve() }),
    (answer, bytes) => {
      answers.push({ answer: hostAnswer.parse(parseStrictJson(JSON.stringify(answer))), bytes });
    },
  );
  return {
    ask: async (request, bytes = Buffer.alloc(0)) => {
      await service.serve({ json: Buffer.from(JSON.stringify(request)), bytes });
      const last = answers.pop();
      assert.ok(last);
      return last;
    },
  };
}

const open = { id: 1, call: 'open', source: { type: 'simulator', directory: '/x' } };
const login = { id: 2, call: 'login', handle: 'x', finalTryConfirmed: false };

describe('the service of a module host', () => {
  it('serves nothing before it is opened, and zeroes the PIN all the same', async () => {
    const { ask } = serviceOf({});
    const pin = Buffer.from('246810');
    const { answer } = await ask(login, pin);
    assert.deepEqual(answer, { id: 2, failure: 'ERR_AGENT_INTERNAL', native: 'not opened' });
    assert.ok(pin.every((byte) => byte === 0));
  });

  it('hands the PIN to the driver as it came, and zeroes it when the driver fails without doing so', async () => {
    let seen = '';
    const { ask } = serviceOf({
      login: (_handle, pin) => {
        seen = Buffer.from(pin).toString();
        return Promise.reject(new TokenError('ERR_PIN_WRONG', { triesLeft: 2, native: 'CKR_PIN_INCORRECT (0xA0)' }));
      },
    });
    await ask(open);
    const pin = Buffer.from('246810');
    const { answer } = await ask(login, pin);
    assert.equal(seen, '246810');
    assert.deepEqual(answer, { id: 2, failure: 'ERR_PIN_WRONG', triesLeft: 2, native: 'CKR_PIN_INCORRECT (0xA0)' });
    assert.ok(pin.every((byte) => byte === 0));
  });

  it('sends a signature beside its answer', async () => {
    const { ask } = serviceOf({
      sign: (_handle, _id, _algorithm, digest) => Promise.resolve(Buffer.concat([digest, digest])),
    });
    await ask(open);
    const request = { id: 3, call: 'sign', handle: 'x', certificate: '01', algorithm: 'RS256' };
    const { answer, bytes } = await ask(request, Buffer.from([1, 2]));
    assert.deepEqual([answer, [...bytes]], [{ id: 3, result: null }, [1, 2, 1, 2]]);
  });

  it('hands PIN and digest to the driver as bytes, gives its signature, and zeroes the PIN', async () => {
    const seen: unknown[] = [];
    const { ask } = serviceOf({
      signWithPin: (handle, wanted, pin) => {
        seen.push(handle, { ...wanted, digest: [...wanted.digest] }, Buffer.from(pin).toString());
        return Promise.resolve(Uint8Array.of(7));
      },
    });
    await ask(open);
    const pin = Buffer.from('654321');
    const { answer, bytes } = await ask({ ...pinSignature, digest: 'AQI=' }, pin);
    assert.deepEqual([answer, [...bytes]], [{ id: 3, result: null }, [7]]);
    const { certificate, algorithm, finalTryConfirmed } = pinSignature;
    assert.deepEqual(seen, ['x', { certificate, algorithm, finalTryConfirmed, digest: [1, 2] }, '654321']);
    assert.deepEqual(pin, Buffer.alloc(6));
  });

  it('refuses a digest that is none, and a PIN that is text', async () => {
    const { ask } = serviceOf({ signWithPin: () => Promise.resolve(Uint8Array.of(7)) });
    await ask(open);
    for (const digest of ['AQI', 'A'.repeat(92), 1, undefined]) {
      await assert.rejects(ask({ ...pinSignature, digest }, Buffer.from('654321')));
    }
    await assert.rejects(ask({ ...pinSignature, digest: 'AQI=', pin: '654321' }));
    const { answer } = await ask({ ...pinSignature, digest: 'AQJ=' }, Buffer.from('654321'));
    assert.ok('failure' in answer);
  });

  it('cuts what a driver says of a failure without breaking it', async () => {
    for (const native of ['x'.repeat(5000), `${'x'.repeat(199)}\u{1f600}`]) {
      const { ask } = serviceOf({ lock: () => Promise.reject(new TokenError('ERR_CARD_FAILED', { native })) });
      await ask(open);
      const { answer } = await ask({ id: 4, call: 'lock', handle: 'x' });
      assert.equal('failure' in answer && answer.failure, 'ERR_CARD_FAILED');
    }
  });

  it('answers with an internal error when a driver throws what is no TokenError', async () => {
    const { ask } = serviceOf({ release: () => Promise.reject(new RangeError('odd')) });
    await ask(open);
    const { answer } = await ask({ id: 5, call: 'release', reader: 'Reader' });
    assert.deepEqual(answer, { id: 5, failure: 'ERR_AGENT_INTERNAL', native: 'RangeError: odd' });
  });

  it('refuses a frame that is none of the protocol', async () => {
    const { ask } = serviceOf({});
    for (const request of [{}, { id: 1, call: 'open' }, { ...login, pin: '246810' }, [], 'open'])
      await assert.rejects(ask(request));
  });
});
