// What is said with a peer that has proved itself: each request answered once, to its asker and to nobody else.
import assert from 'node:assert/strict';
import { closeCodes } from '../../../shared/endpoint.ts';
import { errorTexts } from '../../../shared/error-texts.ts';
import { limits } from '../../../shared/limits.ts';
import { type AgentMessage } from '../../../shared/messages.ts';
import { waitUntil } from '../../native-host/within.ts';
import { settle } from '../fake-clock.ts';
import { answers, cancel, EndpointWorld, request, state, told } from './endpoint-world.ts';

describe('The endpoint', () => {
  let world: EndpointWorld;
  beforeEach(async () => {
    world = await new EndpointWorld().open();
  });
  afterEach(() => world.close());

  describe('to a peer that has proved itself', () => {
    it('gives a snapshot when it says hello, and events from then on', async () => {
      const peer = await world.proven();
      const event: AgentMessage = { type: 'event', sequence: 6, name: 'card-inserted', origins: [], state };
      world.server.broadcast(event);
      assert.deepEqual(await told(peer, 1), [event]);
      assert.deepEqual(world.log[0], { event: 'peer-connected', role: 'native-host', peer: 1 });
    });

    it('answers each request once, in the order in which answers come', async () => {
      const peer = await world.proven();
      for (const id of ['1', '2', '3']) peer.say(request(id));
      await world.seen(3);
      for (const index of [2, 0, 1]) {
        world.asked[index]?.answer();
        await settle();
      }
      const got = await told(peer, 3);
      assert.deepEqual(
        got.map(({ id }) => id),
        ['3', '1', '2'],
      );
      world.asked[0]?.answer();
      await settle();
      assert.equal(answers(peer).length, 3);
    });

    it('refuses an id that is in use, and still answers the first', async () => {
      const peer = await world.proven();
      peer.say(request('1'));
      peer.say(request('1', { language: 'en' }));
      const [refusal] = await told(peer, 1);
      assert.deepEqual(refusal, {
        type: 'error',
        id: '1',
        error: { code: 'ERR_REQUEST_DUPLICATE', message: errorTexts.ERR_REQUEST_DUPLICATE.en },
      });
      assert.equal(world.asked.length, 1);
      world.asked[0]?.answer();
      assert.equal((await told(peer, 2))[1]?.['type'], 'response');
      peer.say(request('1'));
      await world.seen(2);
    });

    it('refuses more than it may have open, and takes more when one is done', async () => {
      const peer = await world.proven();
      for (let i = 0; i <= limits.openRequestsPerConnection; i++) peer.say(request(`r${i}`));
      const [refusal] = await told(peer, 1);
      assert.deepEqual(
        [refusal?.['id'], (refusal?.['error'] as { code: string }).code],
        [`r${limits.openRequestsPerConnection}`, 'ERR_REQUEST_TOO_MANY'],
      );
      assert.equal(world.asked.length, limits.openRequestsPerConnection);
      world.asked[0]?.answer();
      await told(peer, 2);
      peer.say(request('one more'.replace(/ /g, '-')));
      await world.seen(limits.openRequestsPerConnection + 1);
    });

    it('closes when it asks too often', async () => {
      const peer = await world.proven();
      for (let i = 0; i < limits.requestBurst; i++) peer.say(cancel('none'));
      assert.equal((await peer.ended()).code, closeCodes.ERR_REQUEST_TOO_MANY);
    });

    it('does not close when it asks often, but not too often', async () => {
      const peer = await world.proven();
      for (let second = 1; second <= 5; second++) {
        for (let i = 1; i < limits.requestsPerSecond; i++) peer.say(cancel('none'));
        peer.say(request(`r${second}`));
        await world.seen(second);
        world.clock.advance(1000);
      }
      assert.equal(peer.isOpen, true);
    });

    const malformed: [string, string][] = [
      ['no JSON', '{'],
      ['nothing', ''],
      ['an unknown verb', request('1', { verb: 'sign' })],
      ['an unknown type', JSON.stringify({ type: 'proof' })],
      ['a key more', request('1', { x: 1 })],
      ['no language', request('1', { language: undefined })],
      [
        'a page that lists certificates',
        request('1', { verb: 'certificates', caller: { kind: 'page', origin: 'https://a.se' } }),
      ],
      [
        'a page that forgets the PIN',
        request('1', { verb: 'forget-pin', caller: { kind: 'page', origin: 'https://a.se' } }),
      ],
      ['a user who logs in to nowhere', request('1', { verb: 'authenticate', nonce: 'x' })],
      ['an id with other letters', request('a b')],
      ['an id that is too long', request('x'.repeat(65))],
      ['an origin that is too long', request('1', { caller: { kind: 'page', origin: 'x'.repeat(256) } })],
      ['__proto__', `{"__proto__":{},${request('1').slice(1)}`],
      ['a key twice', `{"id":"2",${request('1').slice(1)}`],
      ['levels without end', '['.repeat(60_000)],
      ['a lone surrogate', request('1', { x: 'y' }).replace('"y"', '"\\ud800"')],
      ['an answer', JSON.stringify({ type: 'response', id: '1', result: {} })],
    ];
    for (const [name, text] of malformed) {
      it(`closes at ${name}, and calls off what it had open`, async () => {
        const peer = await world.proven();
        peer.say(request('open'));
        await world.seen(1);
        peer.say(text);
        peer.say(request('late'));
        assert.equal((await peer.ended()).code, closeCodes.ERR_REQUEST_INVALID);
        assert.deepEqual([world.asked.length, world.asked[0]?.signal.aborted], [1, true]);
        world.asked[0]?.answer();
        await settle();
        assert.deepEqual(answers(peer), []);
      });
    }

    it('closes at a hello of another version', async () => {
      const peer = await world.connect().prove(world.endpoint.secret);
      peer.say(JSON.stringify({ type: 'hello', protocol: 2, version: '9.0.0' }));
      assert.equal((await peer.ended()).code, closeCodes.ERR_AGENT_VERSION);
    });

    it('calls off the request that is cancelled, and no other; its answer is its end', async () => {
      const peer = await world.proven();
      for (const id of ['1', '2']) peer.say(request(id));
      await world.seen(2);
      peer.say(cancel('1'));
      peer.say(cancel('unknown'));
      await waitUntil(() => world.asked[0]?.signal.aborted === true, 'the cancel');
      assert.equal((world.asked[0]?.signal.reason as { code: string }).code, 'ERR_REQUEST_CANCELLED');
      assert.equal(world.asked[1]?.signal.aborted, false);
      world.asked[0]?.answer({ type: 'error', id: '1', error: { code: 'ERR_REQUEST_CANCELLED', message: 'x' } });
      assert.equal((await told(peer, 1))[0]?.['id'], '1');
      peer.say(cancel('1'));
      world.asked[1].answer();
      assert.equal((await told(peer, 2)).length, 2);
    });
  });

  describe('keeps connections apart', () => {
    it('an answer goes to its asker and to nobody else, though the ids are the same', async () => {
      const [anna, bertil] = [await world.proven(), await world.proven()];
      anna.say(request('1'));
      await world.seen(1);
      bertil.say(request('1'));
      await world.seen(2);
      assert.deepEqual(
        world.asked.map(({ peer }) => peer),
        [1, 2],
      );
      world.asked[1]?.answer({ type: 'response', id: '1', result: 'for the second' });
      assert.equal((await told(bertil, 1))[0]?.['result'], 'for the second');
      world.asked[0]?.answer({ type: 'response', id: '1', result: 'for the first' });
      assert.equal((await told(anna, 1))[0]?.['result'], 'for the first');
      assert.deepEqual([answers(anna).length, answers(bertil).length], [1, 1]);
    });

    it('a cancel reaches only what the same connection asked', async () => {
      const [anna, bertil] = [await world.proven(), await world.proven()];
      anna.say(request('1'));
      await world.seen(1);
      bertil.say(cancel('1'));
      bertil.say(request('2'));
      await world.seen(2);
      assert.equal(world.asked[0]?.signal.aborted, false);
    });

    it('one that ends calls off its own requests; its answers go nowhere', async () => {
      const [anna, bertil] = [await world.proven(), await world.proven()];
      anna.say(request('1'));
      await world.seen(1);
      bertil.say(request('1'));
      await world.seen(2);
      anna.close();
      await waitUntil(() => world.asked[0]?.signal.aborted === true, 'the end');
      assert.equal(world.asked[1]?.signal.aborted, false);
      world.asked[0]?.answer();
      world.asked[1].answer();
      assert.equal((await told(bertil, 1)).length, 1);
      await waitUntil(() => world.events.includes('peer-gone'), 'the note');
      assert.equal(world.server.peers, 1);
    });
  });
});
