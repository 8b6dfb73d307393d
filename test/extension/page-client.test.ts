import assert from 'node:assert/strict';
import { createPageClient } from '../../extension/page-api/page-client.ts';
import { loginToken, nonce } from './agent-states.ts';

interface Said {
  id: string;
  verb: string;
  nonce?: string;
}

function page(hasExtension = true) {
  const said: Said[] = [];
  let receive: (text: string) => void = () => undefined;
  let opened = 0;
  const kortbro = createPageClient((to) => {
    opened++;
    if (!hasExtension) return undefined;
    receive = to;
    return (spoken) => said.push(JSON.parse(spoken as string) as Said);
  });
  return { kortbro, said, answer: (message: object) => receive(JSON.stringify(message)), opened: () => opened };
}

describe('the page API', () => {
  it('opens nothing before its first call', async () => {
    const { kortbro, said, answer, opened } = page();
    assert.equal(opened(), 0);
    const status = kortbro.status();
    answer({ id: said[0]!.id, result: { version: '1', agent: '2' } });
    assert.deepEqual(await status, { version: '1', agent: '2' });
    assert.equal(opened(), 1);
  });

  it('asks under ids that cannot be guessed', () => {
    const { kortbro, said } = page();
    void kortbro.status();
    void kortbro.status();
    assert.match(said[0]!.id, /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}$/);
    assert.notEqual(said[0]!.id, said[1]!.id);
  });

  it('rejects with a KortbroError that carries what the extension told', async () => {
    const { kortbro, said, answer } = page();
    const login = kortbro.authenticate({ nonce });
    answer({ id: said[0]!.id, error: { code: 'ERR_PIN_WRONG', message: 'Fel PIN-kod.', triesLeft: 2 } });
    await assert.rejects(login, (error) => {
      assert.ok(error instanceof kortbro.KortbroError && error instanceof Error);
      assert.deepEqual(
        [error.name, error.code, error.message, error.triesLeft],
        ['KortbroError', 'ERR_PIN_WRONG', 'Fel PIN-kod.', 2],
      );
      assert.ok(!('incident' in error));
      return true;
    });
  });

  it('says so where nobody answers in the page', async () => {
    const { kortbro } = page(false);
    await assert.rejects(kortbro.status(), { code: 'ERR_AGENT_NOT_RUNNING' });
    assert.equal(typeof kortbro.on('cardremoved', () => undefined), 'function');
  });

  it('ignores answers to ids that it does not wait for', async () => {
    const { kortbro, said, answer } = page();
    const login = kortbro.authenticate({ nonce });
    answer({ id: 'other', result: 1 });
    answer({ id: 'toString', error: { code: 'ERR_PIN_WRONG', message: '' } });
    answer({ id: said[0]!.id, result: loginToken });
    answer({ id: said[0]!.id, result: 'late' });
    assert.deepEqual(await login, loginToken);
  });

  it('sends an empty nonce for what is no text, so that it is refused with a code', () => {
    const { kortbro, said } = page();
    const call = kortbro.authenticate as (request?: unknown) => Promise<unknown>;
    for (const wrong of [
      undefined,
      null,
      {},
      { nonce: 7n },
      { nonce: Symbol('x') },
      { nonce: { toJSON: () => nonce } },
    ])
      void call(wrong);
    assert.deepEqual(
      said.map((message) => message.nonce),
      Array(6).fill(''),
    );
  });

  it('stops listening to the signal once the call has ended', async () => {
    const { kortbro, said, answer } = page();
    const controller = new AbortController();
    const login = kortbro.authenticate({ nonce }, { signal: controller.signal });
    answer({ id: said[0]!.id, result: loginToken });
    await login;
    controller.abort();
    assert.equal(said.length, 1);
  });

  it('rejects at once when it is aborted, and takes the request back', async () => {
    const { kortbro, said, answer } = page();
    const controller = new AbortController();
    const login = kortbro.authenticate({ nonce }, { signal: controller.signal });
    controller.abort(new Error('enough'));
    await assert.rejects(login, { code: 'ERR_REQUEST_CANCELLED', cause: new Error('enough') });
    assert.deepEqual(said[1], { verb: 'cancel', id: said[0]!.id });
    answer({ id: said[0]!.id, result: loginToken });
  });

  it('tells each listener of its events until it is taken off', () => {
    const { kortbro, said, answer } = page();
    const heard: string[] = [];
    const stop = kortbro.on('cardremoved', () => heard.push('one'));
    kortbro.on('cardremoved', () => heard.push('two'));
    kortbro.on('cardinserted', () => heard.push('in'));
    assert.deepEqual(said, [{ verb: 'listen' }]);
    answer({ event: 'cardremoved' });
    stop();
    stop();
    answer({ event: 'cardremoved' });
    answer({ event: 'cardinserted' });
    assert.deepEqual(heard, ['one', 'two', 'two', 'in']);
  });

  it('refuses an event that does not exist, and what is no function', () => {
    const { kortbro } = page();
    const on = kortbro.on as (event: string, listener: unknown) => void;
    assert.throws(() => on('cardeaten', () => undefined), { code: 'ERR_REQUEST_INVALID' });
    assert.throws(() => on('cardremoved', 'x'), { code: 'ERR_REQUEST_INVALID' });
  });

  it('cannot be changed by the page', () => {
    const { kortbro } = page();
    assert.ok(Object.isFrozen(kortbro));
  });

  describe('at a logout', () => {
    const loggedOut = { event: 'loggedout', number: 5, reason: 'card-exchanged' };
    const microtasks = async (): Promise<void> => {
      for (let i = 0; i < 20; i++) await Promise.resolve();
    };

    it('tells the reason, and settles at once where nothing is waited for', () => {
      const { kortbro, said, answer } = page();
      const reasons: string[] = [];
      kortbro.on('loggedout', ({ reason }) => reasons.push(reason));
      answer(loggedOut);
      assert.deepEqual(reasons, ['card-exchanged']);
      assert.deepEqual(said.at(-1), { verb: 'settled', number: 5 });
    });

    it('settles where nobody listens to it, too', () => {
      const { kortbro, said, answer } = page();
      kortbro.on('cardremoved', () => assert.fail());
      answer(loggedOut);
      assert.deepEqual(said.at(-1), { verb: 'settled', number: 5 });
    });

    it('settles once, when every promise has ended, well or badly', async () => {
      const { kortbro, said, answer } = page();
      let resolve: () => void = () => undefined;
      const promise = new Promise<void>((end) => (resolve = end));
      kortbro.on('loggedout', ({ waitUntil }) => {
        waitUntil(promise.then(() => waitUntil(Promise.resolve())));
        waitUntil(Promise.reject(new Error('not saved')));
      });
      kortbro.on('loggedout', ({ waitUntil }) => waitUntil(Promise.resolve()));
      answer(loggedOut);
      await microtasks();
      assert.equal(said.length, 1);
      resolve();
      await microtasks();
      assert.deepEqual(said.slice(1), [{ verb: 'settled', number: 5 }]);
    });
  });

  it('passes a registration for logging out on as it is, and what is none as something that is refused', () => {
    const { kortbro, said } = page();
    const logout = { url: 'https://journal.example/out', token: 'x', leaseSeconds: 60, guard: true };
    void kortbro.authenticate({ nonce, logout });
    const call = kortbro.authenticate as (request: unknown) => Promise<unknown>;
    for (const wrong of [7n, Symbol('x'), () => undefined, null]) void call({ nonce, logout: wrong });
    assert.deepEqual(
      said.map((message) => (message as Said & { logout?: unknown }).logout),
      [logout, null, null, null, null],
    );
  });
});
