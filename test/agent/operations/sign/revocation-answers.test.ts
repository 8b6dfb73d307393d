// What a batch remembers of answers about revocation: sources of the test's own, on a clock that it moves.
import assert from 'node:assert/strict';
import { RevocationAnswers, type RevocationSource } from '../../../../agent/operations/sign/revocation-answers.ts';
import { SignatureError } from '../../../../agent/signatures/signature-error.ts';
import { limits } from '../../../../shared/limits.ts';
import { FakeClock } from '../../fake-clock.ts';
import { gate } from '../../fake-backend.ts';

const chain = [Buffer.from('leaf'), Buffer.from('root')];
const { signal } = new AbortController();

describe('Answers about revocation, in a batch', () => {
  let clock: FakeClock;
  let today: Date;
  let fetched: number;

  beforeEach(() => {
    clock = new FakeClock();
    today = new Date('2026-03-01T12:00:00Z');
    fetched = 0;
  });

  function source(changes: Partial<RevocationSource> = {}): RevocationSource {
    return {
      kind: 'crls',
      key: () => 'list',
      fetch: () => Promise.resolve(Buffer.from(`list ${(fetched += 1)}`)),
      read: () => 'good',
      ends: () => new Date(today.getTime() + 3_600_000),
      ...changes,
    };
  }
  const answers = (...sources: RevocationSource[]) => new RevocationAnswers(clock, () => today, sources);
  const refused = (error: unknown) => error instanceof SignatureError && error.code === 'ERR_SIGNATURE_REVOCATION';

  it('are fetched once until their own end, and then anew', async () => {
    const batch = answers(source());
    const lists = async () => (await batch.of(chain, signal)).crls.map(String);
    assert.deepEqual([await lists(), await lists()], [['list 1'], ['list 1']]);
    today = new Date('2026-03-01T13:00:00Z');
    assert.deepEqual([await lists(), await lists()], [['list 2'], ['list 2']]);
  });

  it('are shared by those who ask while one is on its way', async () => {
    const { promise, open } = gate();
    const slow = source({
      fetch: async () => {
        fetched += 1;
        await promise;
        return Buffer.from('list');
      },
    });
    const batch = answers(slow);
    const both = [batch.of(chain, signal), batch.of(chain, signal)];
    open();
    await Promise.all(both);
    assert.equal(fetched, 1);
  });

  it('that failed are left alone for a while and asked for again then', async () => {
    let works = false;
    const failing = source({
      key: () => 'failing',
      kind: 'ocsp',
      fetch: () => {
        fetched += 1;
        return works ? Promise.resolve(Buffer.from('answer')) : Promise.reject(new Error('no answer'));
      },
    });
    const list = Buffer.from('list');
    const batch = answers(failing, source({ fetch: () => Promise.resolve(list) }));
    for (let document = 0; document < 3; document += 1) {
      assert.deepEqual((await batch.of(chain, signal)).crls, [list]);
    }
    assert.equal(fetched, 1);
    works = true;
    clock.advance(limits.authorityRest);
    assert.deepEqual((await batch.of(chain, signal)).ocsp.map(String), ['answer']);
  });

  it('are read for each document: one that says "revoked" ends it, whatever others would say', async () => {
    let status: 'good' | 'revoked' = 'good';
    const batch = answers(source({ read: () => status }), source({ key: () => 'other' }));
    await batch.of(chain, signal);
    status = 'revoked';
    await assert.rejects(batch.of(chain, signal), refused);
    assert.equal(fetched, 1);
  });

  it('are refused for a chain that has no issuer, or that no source knows', async () => {
    await assert.rejects(answers(source()).of(chain.slice(0, 1), signal), refused);
    await assert.rejects(answers(source()).of([], signal), refused);
    await assert.rejects(answers().of(chain, signal), refused);
    await assert.rejects(answers(source({ read: () => 'unknown' })).of(chain, signal), refused);
  });
});
