// 05, for signing: whatever is sent under the id of a signing, the agent's memory stays bounded, other connections are served, and
// what was held is given back. Memory is measured at the agent itself.
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { until } from '../../demo/demo-agent.ts';
import { limits } from '../../shared/limits.ts';
import { codeOf, type HostClient } from '../support/host-client.ts';
import { residentMemory } from '../support/processes.ts';
import { RawPeer } from '../support/raw-peer.ts';
import { SigningClient, type SentDocument } from '../support/signing-client.ts';
import {
  assertRefused,
  atConsent,
  honestSignature,
  newDocument,
  opened,
  type OpenSigning,
  raw,
  sayNo,
  startSigningTarget,
  type SigningTarget,
} from './signing-target.ts';
import { journal, withoutKeyUse } from './target.ts';

const megabyte = 1_048_576;

describe('05 floods of what belongs to a signing', function () {
  this.timeout(60_000);
  let target: SigningTarget;
  let host: HostClient;

  before(async () => {
    target = await startSigningTarget();
    host = await target.agent.host();
    await honestSignature(target, host);
  });
  after(async () => target.agent.stop());
  beforeEach(() => target.agent.pinentry.reset());
  afterEach(async () => {
    await honestSignature(target, host);
  });

  /** The most resident memory of the agent while something goes on, beyond what it had before. */
  async function growth(work: () => Promise<unknown>): Promise<number> {
    const { processId } = target.agent;
    assert.ok(processId !== undefined);
    const before = residentMemory(processId);
    let most = before;
    const timer = setInterval(() => (most = Math.max(most, residentMemory(processId))), 20);
    try {
      await work();
    } finally {
      clearInterval(timer);
    }
    return Math.max(most, residentMemory(processId)) - before;
  }

  const large = (size: number = limits.documentSize): SentDocument => newDocument({ content: new Uint8Array(size) });

  it('pieces, answers and reads under ids that nobody has: heard by nobody, and too many end the connection', async () => {
    await withoutKeyUse(target, async () => {
      const piece = randomBytes(1_024).toString('base64');
      const peer = await new RawPeer(target.agent.endpoint).prove(target.agent.endpoint.secret);
      const grown = await growth(async () => {
        for (let i = 0; i < 3 * limits.signingRate.burst; i++)
          peer.say(JSON.stringify({ type: 'document', id: `x${i}`, document: 0, offset: 0, data: piece }));
        assert.equal((await peer.ended()).reason, 'ERR_REQUEST_TOO_MANY');
      });
      assert.ok(grown < 40 * megabyte, `${Math.round(grown / megabyte)} MB`);
      assert.equal(peer.received.length, 1, 'more than the challenge was said');
    });
  });

  it('a flood of one connection ends that one alone, with its requests', async () => {
    await withoutKeyUse(target, async () => {
      const innocent = await atConsent(host);
      const flooding = await target.agent.host();
      const { signing } = await opened(flooding, [newDocument({ content: new Uint8Array(100_000) })]);
      for (let i = 0; i < 3 * limits.signingRate.burst; i++)
        signing.say({ type: 'document', document: 0, offset: i, data: 'AA==' });
      const gone = await flooding.until((m) => m.type === 'agent' && m.state === 'gone');
      assert.ok(gone.type === 'agent' && gone.error?.code === 'ERR_REQUEST_TOO_MANY', JSON.stringify(gone));
      const { content } = innocent.signing.documents[0]!;
      assert.deepEqual(await innocent.signing.read('document', 0, content.length), content);
      sayNo(innocent);
      await assertRefused(target, innocent, 'ERR_USER_DECLINED');
    });
  });

  it('documents that are announced and never sent take no memory, and no more room than there is', async () => {
    await withoutKeyUse(target, async () => {
      const fit = 2 * Math.floor(limits.documentsTogether / limits.documentSize);
      const all: OpenSigning[] = [];
      const grown = await growth(async () => {
        for (let i = 0; i < fit; i++) all.push(await opened(host, [large()], raw, `https://announced${i}.example`));
        for (let i = 0; i < 20; i++) {
          const signing = new SigningClient(host, [large()]);
          assert.equal(codeOf(await signing.open(`https://more${i}.example`, raw)), 'ERR_AGENT_BUSY');
        }
      });
      assert.ok(grown < 40 * megabyte, `${Math.round(grown / megabyte)} MB`);
      for (const { signing, answer } of all) {
        host.cancel(signing.id);
        assert.equal(codeOf(await answer), 'ERR_REQUEST_CANCELLED');
      }
    });
  });

  it('more in one request than the agent ever holds is refused before a byte', async () => {
    await withoutKeyUse(target, async () => {
      const signing = new SigningClient(host, [large(), large(), large()]);
      assert.equal(codeOf(await signing.open(journal, raw)), 'ERR_DOCUMENT_TOO_LARGE');
    });
  });

  it('documents that are sent and taken back, again and again, give back their room', async () => {
    const size = 2 * megabyte;
    const rounds = 3;
    await withoutKeyUse(target, async () => {
      const grown = await growth(async () => {
        for (let round = 0; round < rounds; round++) {
          const from = await target.agent.host();
          const open = await atConsent(from, [large(size)], raw, `https://again${round}.example`);
          from.cancel(open.signing.id);
          assert.equal(codeOf(await open.answer), 'ERR_REQUEST_CANCELLED');
          await from.end();
        }
      });
      assert.ok(grown < 100 * megabyte, `${Math.round(grown / megabyte)} MB`);
      // All the room is there again.
      const all = await opened(host, [large(), large()]);
      host.cancel(all.signing.id);
      assert.equal(codeOf(await all.answer), 'ERR_REQUEST_CANCELLED');
    });
  });

  it('a peer that asks for bytes and does not read them is let go; the agent does not hold them for it', async () => {
    await withoutKeyUse(target, async () => {
      const flooding = await target.agent.host();
      const { signing } = await atConsent(flooding, [large(10 * megabyte)]);
      flooding.child.stdout.pause();
      const cancelled = () => target.agent.audit().filter(({ code }) => code === 'ERR_REQUEST_CANCELLED').length;
      const before = cancelled();
      const grown = await growth(async () => {
        for (let i = 0; i < limits.signingRate.burst - 50; i++)
          signing.say({ type: 'read', what: 'document', document: 0, offset: (i % 20) * limits.documentPiece });
        await until(() => cancelled() > before, 20_000, 'the connection stays');
      });
      assert.ok(grown < 100 * megabyte, `${Math.round(grown / megabyte)} MB`);
      flooding.child.stdout.resume();
      await flooding.end();
    });
  });

  it('a request for a hundred empty documents is only as long as it is', async () => {
    await withoutKeyUse(target, async () => {
      const documents = Array.from({ length: 10 }, () => newDocument({ content: new Uint8Array(0) }));
      const open = await atConsent(host, documents);
      assert.equal(open.consent.documents.length, 10);
      open.signing.say({ type: 'read', what: 'document', document: 0, offset: 0 });
      await assertRefused(target, open, 'ERR_REQUEST_INVALID');
      const more = new SigningClient(host, [...documents, newDocument()]);
      assert.equal(codeOf(await more.open(journal, raw)), 'ERR_POLICY_SIGNING');
    });
  });
});
