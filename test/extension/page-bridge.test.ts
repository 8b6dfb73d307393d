import assert from 'node:assert/strict';
import { PageBridge, type PageChannel } from '../../extension/content/page-bridge.ts';
import { type PageAnswer, type PageMessage } from '../../extension/page-api/page-messages.ts';
import { loginToken, nonce } from './agent-states.ts';
import { FakeClock } from './fake-clock.ts';

interface OpenPort {
  said: PageMessage[];
  receive(answer: PageAnswer): void;
  lost(): void;
  isClosed: boolean;
}

function document() {
  const clock = new FakeClock();
  const ports: OpenPort[] = [];
  const state = { isInvalidated: false, isPrerendering: false };
  const bridge = new PageBridge({
    connect: (receive, lost) => {
      if (state.isInvalidated) throw new Error('Extension context invalidated.');
      const port: OpenPort = { said: [], receive, lost, isClosed: false };
      ports.push(port);
      return { post: (message) => port.said.push(message), close: () => (port.isClosed = true) };
    },
    sentence: (code) => `sentence of ${code}`,
    later: clock.later,
    prerendering: () => state.isPrerendering,
  });
  const channel = (): PageChannel & { heard: unknown[] } => {
    const heard: unknown[] = [];
    return { heard, post: (said) => heard.push(typeof said === 'string' ? JSON.parse(said) : said) };
  };
  const say = (message: object, to: PageChannel) => bridge.receive(JSON.stringify(message), to);
  return { clock, ports, state, bridge, channel, say };
}

const error = (id: string, code: string) => ({ id, error: { code, message: `sentence of ${code}` } });

describe('the content script', () => {
  it('opens no port before the page asks, then one for everything', () => {
    const { ports, say, channel } = document();
    assert.equal(ports.length, 0);
    const page = channel();
    say({ id: '1', verb: 'status' }, page);
    say({ id: '2', verb: 'authenticate', nonce }, page);
    assert.deepEqual(
      ports.map(({ said }) => said),
      [
        [
          { id: '1', verb: 'status' },
          { id: '2', verb: 'authenticate', nonce },
        ],
      ],
    );
  });

  it('opens none for a message that is refused', () => {
    const { ports, bridge, say, channel } = document();
    const page = channel();
    say({ id: '1', verb: 'sign' }, page);
    say({ id: '2', verb: 'authenticate', nonce: 'x' }, page);
    bridge.receive({ id: '3', verb: 'status' }, page);
    assert.deepEqual(page.heard, [error('1', 'ERR_REQUEST_INVALID'), error('2', 'ERR_REQUEST_NONCE')]);
    assert.equal(ports.length, 0);
  });

  it('gives each answer to the channel that asked, once', () => {
    const { ports, say, channel } = document();
    const [one, two] = [channel(), channel()];
    say({ id: '1', verb: 'status' }, one);
    say({ id: '2', verb: 'status' }, two);
    ports[0]?.receive({ id: '2', result: loginToken });
    ports[0]?.receive({ id: '2', result: 'again' });
    assert.deepEqual([one.heard, two.heard], [[], [{ id: '2', result: loginToken }]]);
  });

  it("lets no channel take back or repeat another's request", () => {
    const { ports, say, channel } = document();
    const [one, two] = [channel(), channel()];
    say({ id: '1', verb: 'status' }, one);
    say({ id: '1', verb: 'cancel' }, two);
    say({ id: '1', verb: 'status' }, two);
    assert.equal(ports[0]!.said.length, 1);
    assert.deepEqual(two.heard, [error('1', 'ERR_REQUEST_DUPLICATE')]);
    say({ id: '1', verb: 'cancel' }, one);
    assert.deepEqual(ports[0]!.said[1], { id: '1', verb: 'cancel' });
    ports[0]!.receive({ id: '1', result: 1 });
    assert.deepEqual(one.heard, []);
  });

  it('tells every waiting call when the port is lost, and starts the background again once without asking anew', () => {
    const { clock, ports, say, channel } = document();
    const page = channel();
    say({ id: '1', verb: 'status' }, page);
    ports[0]?.lost();
    assert.deepEqual(page.heard, [error('1', 'ERR_AGENT_STOPPED')]);
    clock.advance(60_000);
    assert.deepEqual([ports.length, ports[1]?.said], [2, []]);
    ports[1]?.lost();
    clock.advance(60_000);
    assert.equal(ports.length, 2);
  });

  it('opens the next port only when it is needed where nothing was waited for', () => {
    const { clock, ports, say, channel } = document();
    const page = channel();
    say({ id: '1', verb: 'status' }, page);
    ports[0]?.receive({ id: '1', result: 1 });
    ports[0]?.lost();
    clock.advance(60_000);
    assert.equal(ports.length, 1);
    say({ id: '2', verb: 'status' }, page);
    assert.deepEqual(ports[1]?.said, [{ id: '2', verb: 'status' }]);
  });

  it('opens it again by itself where the page listens, naming what it has seen', () => {
    const { clock, ports, say, channel } = document();
    const page = channel();
    say({ verb: 'listen' }, page);
    ports[0]?.receive({ listening: 4 });
    ports[0]?.receive({ event: 'cardremoved', number: 5 });
    assert.deepEqual(page.heard, [{ event: 'cardremoved' }]);
    ports[0]?.lost();
    clock.advance(100);
    assert.deepEqual(ports[1]?.said, [{ verb: 'listen', since: 5 }]);
  });

  it('tries less and less often while nothing answers', () => {
    const { clock, ports, say, channel } = document();
    say({ verb: 'listen' }, channel());
    for (let i = 0; i < 20; i++) {
      ports.at(-1)?.lost();
      clock.advance(20_000);
    }
    assert.equal(ports.length, 21);
    ports.at(-1)?.lost();
    clock.advance(19_999);
    assert.equal(ports.length, 21);
  });

  it('stops listening where the background says that it hears of nothing', () => {
    const { clock, ports, say, channel } = document();
    say({ verb: 'listen' }, channel());
    ports[0]?.receive({ listening: null });
    ports[0]?.lost();
    clock.advance(60_000);
    assert.equal(ports.length, 1);
  });

  it('answers, and tries no more, after the extension was reloaded under the page', () => {
    const { clock, ports, state, say, channel } = document();
    const page = channel();
    say({ verb: 'listen' }, page);
    state.isInvalidated = true;
    ports[0]?.lost();
    clock.advance(60_000);
    assert.equal(clock.waiting, 0);
    say({ id: '1', verb: 'status' }, page);
    assert.deepEqual(page.heard, [error('1', 'ERR_AGENT_NOT_RUNNING')]);
  });

  it('closes its port when the page goes into the cache, and is told what it missed when it comes back', () => {
    const { ports, bridge, say, channel } = document();
    const page = channel();
    say({ verb: 'listen' }, page);
    ports[0]?.receive({ listening: 2 });
    say({ id: '1', verb: 'status' }, page);
    bridge.leave();
    assert.ok(ports[0]?.isClosed);
    assert.deepEqual(page.heard, [error('1', 'ERR_REQUEST_CANCELLED')]);
    bridge.listen();
    assert.deepEqual(ports[1]?.said, [{ verb: 'listen', since: 2 }]);
  });

  it('asks nothing for a page that is being prerendered, and listens once it is shown', () => {
    const { ports, state, bridge, say, channel } = document();
    state.isPrerendering = true;
    const page = channel();
    say({ id: '1', verb: 'status' }, page);
    say({ verb: 'listen' }, page);
    assert.deepEqual(page.heard, [error('1', 'ERR_REQUEST_FRAME')]);
    assert.equal(ports.length, 0);
    state.isPrerendering = false;
    bridge.listen();
    assert.deepEqual(ports[0]?.said, [{ verb: 'listen' }]);
  });

  it('answers a logout at once, and again when every script that listens has settled', () => {
    const { ports, say, channel } = document();
    const [one, two, deaf] = [channel(), channel(), channel()];
    for (const page of [one, two]) say({ verb: 'listen' }, page);
    say({ id: '1', verb: 'status' }, deaf);
    const port = ports[0]!;
    const event = { event: 'loggedout', number: 4, reason: 'card-removed' } as const;
    port.receive(event);
    assert.deepEqual([one.heard, two.heard, deaf.heard], [[event], [event], []]);
    assert.deepEqual(port.said.at(-1), { verb: 'received', number: 4 });
    const before = port.said.length;
    say({ verb: 'settled', number: 4 }, one);
    say({ verb: 'settled', number: 4 }, one);
    say({ verb: 'settled', number: 4 }, deaf);
    say({ verb: 'settled', number: 3 }, two);
    assert.equal(port.said.length, before);
    say({ verb: 'settled', number: 4 }, two);
    assert.deepEqual(port.said.at(-1), { verb: 'settled', number: 4 });
    assert.equal(port.said.length, before + 1);
  });
});
