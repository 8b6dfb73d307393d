import assert from 'node:assert/strict';
import { settleWith } from '../../extension/background/agent-answers.ts';
import { PendingRequests, type Outcome, type Question } from '../../extension/background/pending.ts';
import { agentState, loginToken, nonce } from './agent-states.ts';

const page = { kind: 'page', origin: 'https://journal.example' } as const;
const common = { type: 'request', language: 'sv' } as const;
const pageStatus: Question = { ...common, verb: 'status', caller: page };
const userStatus: Question = { ...common, verb: 'status', caller: { kind: 'user' } };
const login: Question = { ...common, verb: 'authenticate', caller: page, nonce };

function answered(question: Question, result: unknown): Outcome[] {
  const outcomes: Outcome[] = [];
  const pending = new PendingRequests({ post: () => undefined, newId: () => 'id', later: () => () => undefined });
  pending.ask(question, (outcome) => outcomes.push(outcome));
  settleWith(pending, { type: 'response', id: 'id', result });
  return outcomes;
}

describe("the agent's answer", () => {
  it('settles the question that it answers', () => {
    assert.deepEqual(answered(login, loginToken), [{ result: loginToken }]);
    assert.deepEqual(answered(pageStatus, { agent: '1', card: 'absent' }), [
      { result: { agent: '1', card: 'absent' } },
    ]);
    assert.deepEqual(answered(userStatus, agentState()), [{ result: agentState() }]);
  });

  it('is garbage when it has another form, or is for another kind of asker', () => {
    for (const [question, result] of [
      [login, { ...loginToken, extra: 1 }],
      [login, { agent: '1' }],
      [login, null],
      [pageStatus, agentState()],
      [pageStatus, { agent: '1', readers: [] }],
      [userStatus, { agent: '1' }],
    ] as const) {
      assert.throws(() => answered(question, result), { code: 'ERR_REQUEST_INVALID' });
    }
  });

  it('to a question that nobody asks any more is dropped, whatever it is', () => {
    const pending = new PendingRequests({ post: () => undefined, newId: () => 'id', later: () => () => undefined });
    settleWith(pending, { type: 'response', id: 'old', result: { anything: 1 } });
    settleWith(pending, { type: 'error', id: 'old', error: { code: 'ERR_CARD_ABSENT', message: 'x' } });
  });
});
