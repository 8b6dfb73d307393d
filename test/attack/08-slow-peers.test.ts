// 08: peers that begin and do not go on: at the endpoint, at the native host's stdin, at the dialog, at the card. Each is dropped
// at its own time limit, and nobody waits for it meanwhile. The slow things of this file run side by side, since each takes seconds.
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { limits } from '../../shared/limits.ts';
import { parseResult } from '../../shared/messages.ts';
import { AgentUnderTest } from '../support/agent-under-test.ts';
import { codeOf, type HostClient } from '../support/host-client.ts';
import { RawPeer, RawSocket } from '../support/raw-peer.ts';
import { simulatedCard, testCard } from '../support/test-cards.ts';
import { pause } from '../native-host/within.ts';
import {
  honestLogin,
  impose,
  journal,
  newNonce,
  sites,
  startTarget,
  stranger,
  type Target,
  withoutKeyUse,
} from './target.ts';

/** What a busy machine may add to a time limit. */
const slack = 2_500;

describe('08 slow peers', function () {
  this.timeout(40_000);
  let target: Target;
  let honest: HostClient;

  /** Another one, on which the longest waits begin at once. */
  let patient: Target;
  let stuckDialog: Promise<readonly [code: string | undefined, took: number]>;
  let halfMessages: Promise<readonly (readonly [code: number | null, took: number])[]>;

  before(async () => {
    [target, patient] = await Promise.all([
      startTarget(),
      startTarget({ policy: { sites, pin: { dialogSeconds: 10 } } }),
    ]);
    honest = await target.agent.host();
    await honestLogin(target, honest);
    stuckDialog = askStuckDialog(patient.agent);
    halfMessages = Promise.all(
      [
        [40, 0],
        [40, 0, 0, 0],
        [40, 0, 0, 0, 0x7b],
      ].map((bytes) => sendHalf(patient.agent, bytes)),
    );
    // Looked at by the tests below.
    for (const outcome of [stuckDialog, halfMessages]) outcome.catch(() => undefined);
  });
  after(async () => {
    await target.agent.stop();
    await patient.agent.stop();
  });
  afterEach(async () => {
    await honestLogin(target, honest);
  });

  /** Fails unless `ended` comes after `limit`, and not long after. */
  async function assertDropped(ended: Promise<number>, limit: number): Promise<void> {
    const since = performance.now();
    const took = (await ended) - since;
    assert.ok(took > limit - 700 && took < limit + slack, `dropped after ${Math.round(took)} ms`);
  }

  describe('at the endpoint, dropped when the time for the proof is over', () => {
    const slow: readonly (readonly [string, () => Promise<{ ended: Promise<number>; stop?: () => void }>])[] = [
      ['who says nothing', () => Promise.resolve({ ended: new RawSocket(target.agent.endpoint).end })],
      [
        'who sends a byte of HTTP now and then',
        () => {
          const peer = new RawSocket(target.agent.endpoint);
          const bytes = 'GET / HTTP/1.1\r\nHost: localhost\r\n'.split('');
          const timer = setInterval(() => peer.write(bytes.shift() ?? 'x'), 100);
          return Promise.resolve({ ended: peer.end, stop: () => clearInterval(timer) });
        },
      ],
      [
        'who opens the WebSocket and is silent',
        () => {
          const peer = new RawSocket(target.agent.endpoint);
          peer.upgrade();
          return Promise.resolve({ ended: peer.end });
        },
      ],
      [
        'who sends pings only',
        () => {
          const peer = new RawSocket(target.agent.endpoint);
          peer.upgrade();
          const timer = setInterval(() => peer.write(Buffer.from([0x89, 0x80, 0, 0, 0, 0])), 100);
          return Promise.resolve({ ended: peer.end, stop: () => clearInterval(timer) });
        },
      ],
      [
        'who greets and does not answer the challenge',
        async () => {
          const peer = await new RawPeer(target.agent.endpoint).opened();
          peer.greet();
          return { ended: peer.end.then(({ at }) => at) };
        },
      ],
      [
        'who begins a frame and does not end it',
        async () => {
          const peer = await new RawPeer(target.agent.endpoint).opened();
          peer.write(Buffer.from([0x81, 0xfe, 0x01, 0x00, 0, 0, 0, 0, 0x7b]));
          return { ended: peer.end.then(({ at }) => at) };
        },
      ],
    ];

    it(`a peer ${slow.map(([what]) => what).join('; ')}`, async () => {
      await withoutKeyUse(target, async () => {
        const attacks = slow.map(async ([, start]) => {
          const { ended, stop } = await start();
          await assertDropped(ended, limits.proofTime);
          stop?.();
        });
        // One who has proved himself stays, however long he says nothing.
        const proven = await new RawPeer(target.agent.endpoint).prove(target.agent.endpoint.secret);
        // Meanwhile nobody else waits.
        const since = performance.now();
        await honest.ask({ verb: 'status', caller: { kind: 'user' } }).answer;
        assert.ok(performance.now() - since < 1_500);
        await Promise.all(attacks);
        await pause(limits.proofTime - (performance.now() - since) + 300);
        assert.ok(proven.isOpen);
        proven.say('{"type":"request","id":"x","language":"en","verb":"status","caller":{"kind":"user"}}');
        assert.match(await proven.heard(1), /"type":"response"/);
        proven.close();
      });
    });

    it('as many silent peers as there may be connections: one more is refused, and a native host gets in when they are dropped', async () => {
      await withoutKeyUse(target, async () => {
        const silent = Array.from({ length: limits.connections }, () => new RawSocket(target.agent.endpoint));
        await pause(200);
        const host = target.agent.rawHost();
        // It tries again by itself; a request that comes meanwhile is answered or held, never lost.
        await host.ready(limits.proofTime + slack + 3_000);
        assert.equal(codeOf(await host.ask({ verb: 'status', caller: { kind: 'user' } }).answer), undefined);
        await Promise.all(silent.map(({ end }) => end));
        await host.end();
      });
      const refused = target.agent
        .audit()
        .filter(({ event, code }) => event === 'peer-refused' && code === 'ERR_AGENT_BUSY');
      assert.notEqual(refused.length, 0);
    });
  });

  describe('at the native host', () => {
    it('a browser that begins a message and does not end it: the host ends when the time for a frame is over', async () => {
      for (const [code, took] of await halfMessages) {
        assert.equal(code, 8);
        assert.ok(took > limits.frameTime - 700 && took < limits.frameTime + slack, `${took} ms`);
      }
    });
  });

  describe('behind the agent', () => {
    let slow: AgentUnderTest;
    let host: HostClient;

    before(async () => {
      const anna = await testCard('anna');
      slow = await AgentUnderTest.start({
        cards: { anna: simulatedCard(anna, { signMilliseconds: 1_500 }) },
        policy: { sites, card: { operationSeconds: 5 }, pin: { dialogSeconds: 10 } },
      });
      await slow.simulator.insert('anna');
      host = await slow.host();
    });
    after(async () => slow.stop());

    it('a card that takes its time keeps nobody waiting who does not need it', async () => {
      slow.pinentry.answer(`pin ${target.anna.pin}`);
      const signing = host.authenticate(journal, newNonce());
      await host.until((message) => message.type === 'event' && message.name === 'pin-sso-started');
      const second = await slow.host();
      const since = performance.now();
      assert.equal(codeOf(await second.ask({ verb: 'status', caller: { kind: 'user' } }).answer), undefined);
      assert.equal(codeOf(await second.ask({ verb: 'certificates', caller: { kind: 'user' } }).answer), undefined);
      assert.ok(performance.now() - since < 1_500);
      const cancelled = second.authenticate(stranger, newNonce());
      second.cancel(cancelled.id);
      assert.equal(codeOf(await cancelled.answer), 'ERR_REQUEST_CANCELLED');
      const answer = await signing.answer;
      assert.ok('result' in answer);
      parseResult('authenticate', answer.result);
      await second.end();
    });

    it('a driver that hangs is told when the time of a call is over, and the next login works', async () => {
      const { simulator } = slow;
      await simulator.hangAt('sign');
      const since = performance.now();
      assert.equal(codeOf(await host.authenticate(journal, newNonce()).answer), 'ERR_AGENT_DRIVER_HUNG');
      assert.ok(performance.now() - since < 5_000 + slack);
      slow.pinentry.reset();
      slow.pinentry.answer(`pin ${target.anna.pin}`);
      assert.equal(codeOf(await host.authenticate(journal, newNonce()).answer), undefined);
    });

    it('a dialog program that says nothing is ended when the time for the dialog is over, and the next login works', async () => {
      const [code, took] = await stuckDialog;
      assert.match(code ?? '', /^ERR_(USER_TIMEOUT|PIN_PROMPT)$/);
      assert.ok(took < 12_000 + slack, `${took} ms`);
      assert.deepEqual(await patient.agent.keyUse('anna'), { logins: 0, signatures: 0 });
      const host = await patient.agent.host();
      await impose(patient, host, { sites });
      await honestLogin(patient, host);
    });
  });
});

/** A login whose dialog program starts and says nothing. */
async function askStuckDialog(agent: AgentUnderTest): Promise<readonly [string | undefined, number]> {
  const program = join(agent.directory, 'stuck-pinentry');
  writeFileSync(program, '#!/bin/sh\nexec sleep 60\n', { mode: 0o700 });
  const host = await agent.host();
  await impose({ agent }, host, { sites, pin: { program, dialogSeconds: 10 } });
  const since = performance.now();
  const code = codeOf(await host.authenticate('https://patient.example', newNonce()).answer);
  return [code, performance.now() - since];
}

/** A host that gets the beginning of a message, and a zero now and then; its exit code, and the milliseconds until then. */
async function sendHalf(agent: AgentUnderTest, bytes: readonly number[]): Promise<readonly [number | null, number]> {
  const host = await agent.host();
  const since = performance.now();
  host.sendBytes(Buffer.from(bytes));
  const drip = setInterval(() => host.sendBytes(Buffer.alloc(1)), 1_500);
  const { code, at } = await host.exit;
  clearInterval(drip);
  return [code, at - since];
}
