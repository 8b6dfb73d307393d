// One request, one answer: what an asker is told of a failure, what the log is told, and what neither must ever hold.
import assert from 'node:assert/strict';
import { dispatch } from '../../../agent/endpoint/dispatch.ts';
import { TokenError } from '../../../agent/tokens/token.ts';
import { errorTexts } from '../../../shared/error-texts.ts';
import { KortbroError } from '../../../shared/errors.ts';
import { parseAgentMessage, type Request } from '../../../shared/messages.ts';
import { settle } from '../fake-clock.ts';
import { cardKey, journal, noChannel, nonce, OperationWorld, type CardKey } from '../operations/operation-world.ts';
import { sayPin } from '../pin/scripted-pinentry.ts';

describe('An answer', () => {
  let world: OperationWorld;
  let hsa: CardKey;
  const never = new AbortController().signal;
  const login = (changes: Partial<Request> = {}): Request =>
    ({
      type: 'request',
      id: 'r-1',
      language: 'sv',
      verb: 'authenticate',
      caller: { kind: 'page', origin: journal },
      nonce,
      ...changes,
    }) as Request;
  const status = { type: 'request', id: 's-1', language: 'en', verb: 'status', caller: { kind: 'user' } } as const;
  const answer = async (request: Request, signal = never) => {
    const message = await dispatch(world.context, { peer: 7, profile: 'p' }, request, signal, noChannel);
    assert.deepEqual(parseAgentMessage(message), message, 'its asker can read it');
    return message;
  };
  const requests = () => world.log.filter(({ event }) => event.startsWith('request') || event === 'internal-error');

  before(async () => {
    hsa = await cardKey('45');
  });
  beforeEach(() => {
    world = new OperationWorld();
  });
  afterEach(() => world.pinentry.remove());

  it('is the result, and a line in the log with the token that was used', async () => {
    const { fingerprint } = await world.insert([hsa]);
    const message = await answer(login());
    assert.ok(message.type === 'response' && message.id === 'r-1');
    assert.deepEqual(requests(), [
      { event: 'request-done', peer: 7, verb: 'authenticate', origin: journal, token: fingerprint, milliseconds: 0 },
    ]);
  });

  it('without a page names no origin', async () => {
    await answer(status);
    assert.deepEqual(requests(), [{ event: 'request-done', peer: 7, verb: 'status', milliseconds: 0 }]);
  });

  it('to a page that asks for its status again and again leaves no line in the log', async () => {
    const asked: Request = { ...status, caller: { kind: 'page', origin: journal } };
    for (let i = 0; i < 50; i++) assert.equal((await answer(asked)).type, 'response');
    assert.deepEqual(requests(), []);
  });

  it('that refuses a page its status is in the log', async () => {
    world.context.policy = () => {
      throw new KortbroError('ERR_POLICY_INVALID');
    };
    await answer({ ...status, caller: { kind: 'page', origin: journal } });
    assert.deepEqual(
      requests().map(({ event }) => event),
      ['request-refused'],
    );
  });

  it('is the code with its sentence in the language of the request', async () => {
    for (const language of ['sv', 'en'] as const) {
      const message = await answer(login({ language }));
      assert.deepEqual(message, {
        type: 'error',
        id: 'r-1',
        error: { code: 'ERR_CARD_ABSENT', message: errorTexts.ERR_CARD_ABSENT[language] },
      });
    }
    assert.deepEqual(requests()[0], {
      event: 'request-refused',
      peer: 7,
      verb: 'authenticate',
      origin: journal,
      code: 'ERR_CARD_ABSENT',
    });
  });

  it('to a wrong PIN has the tries left where the card told them, and only there', async () => {
    await world.insert([hsa]);
    world.driver.loginInstead = () => Promise.reject(new TokenError('ERR_PIN_WRONG', { triesLeft: 2 }));
    const known = await answer(login());
    assert.ok(
      known.type === 'error' && known.error.triesLeft === 2 && /(?<!\d)2\u00a0försök/.test(known.error.message),
    );
    world.driver.loginInstead = () => Promise.reject(new TokenError('ERR_PIN_WRONG'));
    const unknown = await answer(login());
    assert.ok(unknown.type === 'error' && !('triesLeft' in unknown.error) && !/\d\sförsök/.test(unknown.error.message));
  });

  it('to a failure of the driver says nothing of the driver; the log does, by the same incident', async () => {
    await world.insert([hsa]);
    const native = 'CKR_GENERAL_ERROR (0x5)';
    world.driver.loginInstead = () => Promise.reject(new TokenError('ERR_CARD_FAILED', { native }));
    const message = await answer(login());
    assert.ok(message.type === 'error');
    const { incident, ...error } = message.error;
    assert.deepEqual(error, { code: 'ERR_CARD_FAILED', message: errorTexts.ERR_CARD_FAILED.sv });
    assert.match(incident ?? '', /^[0-9a-f]{8}$/);
    assert.doesNotMatch(JSON.stringify(message), /CKR|0x5/);
    assert.deepEqual(requests(), [
      {
        event: 'request-refused',
        peer: 7,
        verb: 'authenticate',
        origin: journal,
        code: 'ERR_CARD_FAILED',
        incident,
        native,
      },
    ]);
  });

  for (const failure of ['login-lost', 'final-try-unconfirmed'] as const) {
    it(`knows no code ${failure}: it is ERR_CARD_FAILED outside`, async () => {
      await world.insert([hsa]);
      world.driver.signer = () => Promise.reject(new TokenError(failure));
      const message = await answer(login());
      assert.ok(message.type === 'error' && message.error.code === 'ERR_CARD_FAILED');
    });
  }

  it('to a fault of ours has an incident and nothing of the fault', async () => {
    const secret = 'PIN 123456 at /home/anna/kortbro';
    world.context.policy = () => {
      throw new RangeError(secret);
    };
    const message = await answer(login());
    assert.ok(message.type === 'error' && message.error.code === 'ERR_AGENT_INTERNAL');
    const { incident = '' } = message.error;
    assert.match(incident, /^[0-9a-f]{8}$/);
    const [refused, internal] = requests();
    assert.ok(refused?.event === 'request-refused' && refused.incident === incident);
    assert.ok(internal?.event === 'internal-error' && internal.incident === incident);
    assert.match(internal.where, /^RangeError [\w.-]+\.ts:\d+:\d+$/);
    assert.doesNotMatch(JSON.stringify([message, world.log]), /123456|anna|\/home|\/work/);
  });

  it('to a fault that has been named has an incident too, and the log has where its cause was', async () => {
    world.context.policy = () => {
      throw new KortbroError('ERR_AGENT_INTERNAL', { cause: new RangeError('the thread is silent') });
    };
    const message = await answer(login());
    assert.ok(message.type === 'error' && message.error.code === 'ERR_AGENT_INTERNAL');
    const { incident } = message.error;
    assert.match(incident ?? '', /^[0-9a-f]{8}$/);
    const [, line] = requests();
    assert.ok(line?.event === 'internal-error' && line.incident === incident);
    assert.match(line.where, /^RangeError dispatch\.test\.ts:\d+:\d+$/);
  });

  it('comes also when what was thrown is no error, or has no stack', async () => {
    const stackless = new Error('x');
    delete stackless.stack;
    for (const thrown of ['a text', undefined, null, 42, stackless, { stack: '/etc/x.js:1:1' }]) {
      world.context.policy = () => {
        // Throws whatever it is given, as code of others may.
        AbortSignal.abort(thrown).throwIfAborted();
        return world.policy;
      };
      const message = await answer(login());
      assert.ok(message.type === 'error' && message.error.code === 'ERR_AGENT_INTERNAL');
    }
    assert.doesNotMatch(JSON.stringify(world.log), /etc/);
  });

  it('to a cancelled request is ERR_REQUEST_CANCELLED, without an incident', async () => {
    world.driver.bindInstead = () => new Promise(() => undefined);
    world.place([hsa]);
    const asker = new AbortController();
    const waiting = answer(login(), asker.signal);
    await settle();
    asker.abort(new KortbroError('ERR_REQUEST_CANCELLED'));
    const message = await waiting;
    assert.ok(message.type === 'error' && message.error.code === 'ERR_REQUEST_CANCELLED');
    assert.equal(message.error.incident, undefined);
  });

  it('and its log never hold a PIN, a challenge, a digest or a holder', async () => {
    world.policy = world.policyOf({ sites: [{ origin: journal, access: 'silent', identity: 'any' }] });
    const personal = await cardKey('46', undefined, { identity: 'personal-number' });
    await world.insert([personal]);
    world.pinentry.is({ getPin: sayPin('86420135') });
    await answer(login());
    world.driver.signer = () => new Uint8Array(64);
    const refused = await answer(login());
    world.driver.loginInstead = () => Promise.reject(new TokenError('ERR_PIN_WRONG'));
    const wrong = await answer(login());
    assert.deepEqual(world.driver.pins, ['86420135', '86420135']);
    const written = JSON.stringify([world.log, refused, wrong]);
    for (const secret of [
      '86420135',
      nonce,
      '199001012385',
      'Testsson',
      Buffer.from(nonce, 'base64').toString('hex'),
    ]) {
      assert.ok(!written.includes(secret), secret);
    }
  });
});
