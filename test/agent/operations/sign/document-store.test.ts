// Documents that come in by pieces: whole and in order, or not at all; and no more of them than there is room for.
import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { DocumentBudget, DocumentIntake } from '../../../../agent/operations/sign/document-store.ts';
import { limits } from '../../../../shared/limits.ts';
import { kortbroError } from '../../fake-backend.ts';

const entry = (size: number) => ({ name: 'a', type: 'text/plain', size });
const incomplete = kortbroError('ERR_DOCUMENT_INCOMPLETE');

describe('Documents that come in by pieces', () => {
  it('are the bytes that were sent, however they were cut', () => {
    fc.assert(
      fc.property(
        fc.array(fc.uint8Array({ maxLength: 300 }), { minLength: 1, maxLength: 6 }),
        fc.integer({ min: 1, max: 90 }),
        (contents, piece) => {
          const intake = new DocumentIntake(contents.map(({ length }) => entry(length)));
          for (const [number, content] of contents.entries()) {
            for (let at = 0; at < content.length; at += piece) {
              const part = content.subarray(at, at + piece);
              assert.equal(intake.take(number, at, part), at + part.length);
            }
          }
          assert.ok(intake.isComplete);
          for (const [number, content] of contents.entries()) {
            const held = intake.documents[number];
            assert.deepEqual(Buffer.from(held!.bytes), Buffer.from(content));
            assert.equal(held!.fingerprint, createHash('sha256').update(content).digest('hex'));
          }
        },
      ),
    );
  });

  it('are refused out of order, twice, beyond their size, empty, and after the end', () => {
    const begun = (): DocumentIntake => {
      const intake = new DocumentIntake([entry(10), entry(5)]);
      intake.take(0, 0, randomBytes(4));
      return intake;
    };
    assert.throws(() => begun().take(0, 0, randomBytes(4)), incomplete);
    assert.throws(() => begun().take(0, 5, randomBytes(4)), incomplete);
    assert.throws(() => begun().take(1, 0, randomBytes(4)), incomplete);
    assert.throws(() => begun().take(0, 4, randomBytes(7)), incomplete);
    assert.throws(() => begun().take(0, 4, Buffer.alloc(0)), incomplete);
    const whole = new DocumentIntake([entry(1)]);
    whole.take(0, 0, randomBytes(1));
    assert.throws(() => whole.take(0, 1, randomBytes(1)), incomplete);
    assert.throws(() => whole.take(1, 0, randomBytes(1)), incomplete);
  });

  it('are whole at once when they are empty', () => {
    assert.ok(new DocumentIntake([entry(0), entry(0)]).isComplete);
  });
});

describe('The room for documents', () => {
  const most = limits.documentsTogether;
  const busy = kortbroError('ERR_AGENT_BUSY');

  it('is given once, and again when it was given back, once', () => {
    const budget = new DocumentBudget();
    const release = budget.reserve('https://a.se', most);
    assert.throws(() => budget.reserve('https://a.se', 1), busy);
    release();
    release();
    const again = budget.reserve('https://a.se', most - 1);
    budget.reserve('https://a.se', 1);
    assert.throws(() => budget.reserve('https://a.se', 1), busy);
    again();
    assert.throws(() => budget.reserve('https://a.se', most + 1), kortbroError('ERR_DOCUMENT_TOO_LARGE'));
  });

  it('is not taken whole by one origin', () => {
    const budget = new DocumentBudget();
    budget.reserve('https://a.se', most);
    const release = budget.reserve('https://b.se', most);
    assert.throws(() => budget.reserve('https://c.se', 1), busy);
    release();
    budget.reserve('https://c.se', 1);
  });
});
