// Browser profiles behind connections: each is told of its own visits, and is believed about its own logouts alone.
import assert from 'node:assert/strict';
import { closeCodes } from '../../../shared/endpoint.ts';
import { limits } from '../../../shared/limits.ts';
import { type AgentMessage } from '../../../shared/messages.ts';
import { waitUntil } from '../../native-host/within.ts';
import { type RawPeer } from '../../support/raw-peer.ts';
import { settle } from '../fake-clock.ts';
import { answers, EndpointWorld, request, told } from './endpoint-world.ts';

const hello = (profile?: string) =>
  JSON.stringify({ type: 'hello', protocol: 1, version: '0.1.0', ...(profile === undefined ? {} : { profile }) });
const step = (visit: string, changes: Record<string, unknown> = {}) =>
  JSON.stringify({ type: 'logout', visit, step: 'done', ...changes });
const visits = (id: string): AgentMessage => ({
  type: 'visits',
  open: [{ id, origin: 'https://journal.example.se', guarded: false }],
  owed: [],
  guarded: [],
});

describe('The endpoint', () => {
  let world: EndpointWorld;
  beforeEach(async () => {
    world = await new EndpointWorld().open();
  });
  afterEach(() => world.close());

  /** Proved, and after its hello; with a profile it has been told its visits. */
  async function browser(profile?: string): Promise<RawPeer> {
    const peer = await world.connect().prove(world.endpoint.secret);
    peer.say(hello(profile));
    await peer.heard(profile === undefined ? 1 : 2);
    return peer;
  }
  /** A request and its answer: whatever was said before has been heard. */
  async function heardAll(peer: RawPeer): Promise<void> {
    const before = world.asked.length;
    peer.say(request(`r${before}`));
    await world.seen(before + 1);
  }

  it('tells a browser its visits after the snapshot, and a command none', async () => {
    const [named, nameless] = [await browser('p'), await browser()];
    await heardAll(nameless);
    assert.deepEqual(
      [named, nameless].map(({ received }) => received.slice(1).map((text) => (JSON.parse(text) as AgentMessage).type)),
      [['snapshot', 'visits'], ['snapshot']],
    );
  });

  it('knows the profiles that are there', async () => {
    assert.deepEqual([...world.server.profiles], []);
    const peer = await browser('p');
    await browser('p');
    await browser('q');
    await browser();
    assert.deepEqual([...world.server.profiles].sort(), ['p', 'q']);
    peer.close();
    await peer.end;
    await waitUntil(() => world.server.peers === 3, 'its end');
    assert.deepEqual([...world.server.profiles].sort(), ['p', 'q']);
  });

  it('tells every browser of a profile of its visits, and nobody else', async () => {
    const [first, second, other, command] = [
      await browser('p'),
      await browser('p'),
      await browser('q'),
      await browser(),
    ];
    world.server.send('p', visits('a'));
    world.server.send('unknown', visits('b'));
    assert.deepEqual([(await told(first, 2))[1], (await told(second, 2))[1]], [visits('a'), visits('a')]);
    for (const peer of [other, command]) {
      peer.say(request('r'));
      await settle();
    }
    await world.seen(2);
    assert.deepEqual([answers(other).length, answers(command).length], [1, 0]);
  });

  it('tells nobody who has not said hello', async () => {
    const peer = await world.connect().prove(world.endpoint.secret);
    world.server.send('', visits('a'));
    world.server.broadcast(visits('a'));
    peer.say(hello('p'));
    await peer.heard(2);
    assert.equal((JSON.parse(peer.received[1] ?? '') as AgentMessage).type, 'snapshot');
  });

  it('says with each request which profile asks', async () => {
    const early = await world.connect().prove(world.endpoint.secret);
    for (const peer of [await browser('p'), await browser(), early]) await heardAll(peer);
    assert.deepEqual(
      world.asked.map(({ profile }) => profile),
      ['p', '', ''],
    );
  });

  it('takes the word of a browser on its logouts', async () => {
    const peer = await browser('p');
    peer.say(step('a', { step: 'told' }));
    peer.say(step('a'));
    await heardAll(peer);
    assert.deepEqual(world.steps, ['p a told', 'p a done']);
  });

  it('takes no word of a peer that has no profile, or has not said hello', async () => {
    const early = await world.connect().prove(world.endpoint.secret);
    for (const peer of [await browser(), early]) {
      peer.say(step('a'));
      await heardAll(peer);
      assert.equal(peer.isOpen, true);
    }
    assert.deepEqual(world.steps, []);
  });

  it('goes by the profile that was said last', async () => {
    const peer = await browser('p');
    peer.say(hello('q'));
    peer.say(step('a'));
    await heardAll(peer);
    assert.deepEqual([world.steps, [...world.server.profiles]], [['q a done'], ['q']]);
  });

  it('lets a browser be done with every visit that there can be at once', async () => {
    const peer = await browser('p');
    for (let i = 0; i < limits.visits; i++) {
      peer.say(step(`v${i}`, { step: 'told' }));
      peer.say(step(`v${i}`));
    }
    await heardAll(peer);
    assert.deepEqual([world.steps.length, peer.isOpen], [2 * limits.visits, true]);
  });

  it('closes at thousands of steps, and hears no more than that many', async () => {
    const peer = await browser('p');
    for (let i = 0; i < 5_000; i++) peer.say(step('none'));
    assert.equal((await peer.ended()).code, closeCodes.ERR_REQUEST_TOO_MANY);
    assert.equal(world.steps.length, 2 * limits.visits);
    const next = await browser('p');
    next.say(step('a'));
    await heardAll(next);
    assert.equal(world.steps.at(-1), 'p a done');
  });

  const malformed: [string, string][] = [
    ['a step that is none', step('a', { step: 'begun' })],
    ['a step without a visit', step('')],
    ['a visit with other letters', step('a b')],
    ['a visit that is too long', step('x'.repeat(limits.idLength + 1))],
    ['a step with a key more', step('a', { profile: 'q' })],
    ['a profile that is empty', hello('')],
    ['a profile with other letters', hello('../p')],
    ['a profile that is too long', hello('x'.repeat(limits.idLength + 1))],
  ];
  for (const [name, text] of malformed) {
    it(`closes at ${name}`, async () => {
      const peer = await browser('p');
      peer.say(text);
      assert.equal((await peer.ended()).code, closeCodes.ERR_REQUEST_INVALID);
      assert.deepEqual(world.steps, []);
    });
  }

  const registration = { url: 'https://journal.example.se/out', token: 't'.repeat(22) };
  const login = (logout: unknown) =>
    request('1', {
      verb: 'authenticate',
      caller: { kind: 'page', origin: 'https://journal.example.se' },
      nonce: 'x',
      logout,
    });
  const refused: [string, unknown][] = [
    ['no address', { token: registration.token }],
    ['an empty address', { ...registration, url: '' }],
    [
      'an address of 2001 characters',
      { ...registration, url: registration.url.padEnd(limits.logoutUrlLength + 1, 'x') },
    ],
    ['no token', { url: registration.url }],
    ['a token that can be guessed', { ...registration, token: 't'.repeat(21) }],
    ['a token without end', { ...registration, token: 't'.repeat(513) }],
    ['a token that breaks a line', { ...registration, token: `${registration.token}\n` }],
    ['a lease of no time', { ...registration, leaseSeconds: limits.leaseMinimum - 1 }],
    ['a lease of a whole day', { ...registration, leaseSeconds: 86_400 }],
    ['a lease of part of a second', { ...registration, leaseSeconds: 10.5 }],
    ['a guard that is no yes or no', { ...registration, guard: 'yes' }],
    ['a key more', { ...registration, method: 'GET' }],
    ['nothing', null],
  ];
  for (const [name, logout] of refused) {
    it(`closes at a registration with ${name}`, async () => {
      const peer = await browser('p');
      peer.say(login(logout));
      assert.equal((await peer.ended()).code, closeCodes.ERR_REQUEST_INVALID);
      assert.equal(world.asked.length, 0);
    });
  }

  it('takes a registration of 2000 characters, with everything', async () => {
    const peer = await browser('p');
    const url = registration.url.padEnd(limits.logoutUrlLength, 'x');
    peer.say(login({ url, token: 't'.repeat(512), leaseSeconds: limits.leaseMaximum, guard: true }));
    await world.seen(1);
  });
});
