import assert from 'node:assert/strict';
import { askAgent, askStatus, patience, type AskOptions } from '../../../agent/commands/ask-agent.ts';
import { type HostListener } from '../../../agent/commands/host-process.ts';
import { KortbroError, type ErrorCode } from '../../../shared/errors.ts';
import { type AgentMessage, type AgentState, type ClientMessage } from '../../../shared/messages.ts';

const state: AgentState = { version: '0.1.0', service: 'running', session: 'active', readers: [] };

/** A native host and a clock that do what the test says. */
class FakeHost {
  readonly sent: ClientMessage[] = [];
  readonly timers: { at: number; action: () => void }[] = [];
  closed = 0;
  now = 0;
  readonly controller = new AbortController();
  #listener: HostListener | undefined;

  readonly options: AskOptions = {
    open: (listener) => {
      this.#listener = listener;
      return { send: (message) => void this.sent.push(message), close: () => (this.closed += 1) };
    },
    clock: {
      now: () => this.now,
      after: (milliseconds, action) => {
        const timer = { at: this.now + milliseconds, action };
        this.timers.push(timer);
        return () => void this.timers.splice(this.timers.indexOf(timer), 1);
      },
    },
    language: 'sv',
    signal: this.controller.signal,
  };

  get id(): string {
    const [request] = this.sent;
    return request !== undefined && 'id' in request ? request.id : '';
  }

  say(message: AgentMessage): void {
    this.#listener?.message(message);
  }

  end(): void {
    this.#listener?.ended();
  }

  pass(milliseconds: number): void {
    this.now += milliseconds;
    for (const timer of [...this.timers]) if (timer.at <= this.now) timer.action();
  }
}

const refusedWith = (code: ErrorCode) => (error: unknown) => error instanceof KortbroError && error.code === code;

describe('A question to the agent', () => {
  it('is one request of the user in their language, answered by the response with its id', async () => {
    const host = new FakeHost();
    const answer = askAgent('forget-pin', host.options);
    const { id } = host;
    assert.deepEqual(host.sent, [
      { type: 'request', id, language: 'sv', verb: 'forget-pin', caller: { kind: 'user' } },
    ]);
    host.say({ type: 'agent', state: 'connecting' });
    host.say({ type: 'agent', state: 'connected' });
    host.say({ type: 'response', id: 'another', result: { ended: 9 } });
    host.say({ type: 'response', id, result: { ended: 2 } });
    assert.deepEqual(await answer, { ended: 2 });
    assert.equal(host.closed, 1);
    assert.equal(host.timers.length, 0);
  });

  it('fails with the code that the agent refused with, tries left and incident included', async () => {
    const host = new FakeHost();
    const answer = askAgent('certificates', host.options);
    const error = { code: 'ERR_AGENT_INTERNAL', message: 'x', incident: 'ab12' } as const;
    host.say({ type: 'error', id: host.id, error });
    await assert.rejects(answer, (failure) => failure instanceof KortbroError && failure.incident === 'ab12');
    assert.equal(host.closed, 1);
  });

  it('fails at once when the host says that the agent is gone, with the reason', async () => {
    const host = new FakeHost();
    const answer = askStatus(host.options);
    host.say({ type: 'agent', state: 'gone', error: { code: 'ERR_AGENT_PROOF', message: 'x' } });
    await assert.rejects(answer, refusedWith('ERR_AGENT_PROOF'));
  });

  it('fails when the agent goes while it works, and is not asked again', async () => {
    const host = new FakeHost();
    const answer = askStatus(host.options);
    host.say({ type: 'agent', state: 'connected' });
    host.say({ type: 'agent', state: 'gone', error: { code: 'ERR_AGENT_STOPPED', message: 'x' } });
    await assert.rejects(answer, refusedWith('ERR_AGENT_STOPPED'));
    assert.equal(host.sent.length, 1);
  });

  it('fails when the host ends without a word', async () => {
    const host = new FakeHost();
    const answer = askStatus(host.options);
    host.end();
    await assert.rejects(answer, refusedWith('ERR_AGENT_NOT_RUNNING'));
  });

  it('fails after ten seconds, and calls the request off', async () => {
    const host = new FakeHost();
    const answer = askStatus(host.options);
    host.pass(patience - 1);
    assert.equal(host.closed, 0);
    host.pass(1);
    await assert.rejects(answer, refusedWith('ERR_USER_TIMEOUT'));
    assert.deepEqual(host.sent.at(-1), { type: 'cancel', id: host.id });
    assert.equal(host.timers.length, 0);
  });

  it('sends a cancel when the signal comes, and ends with the answer to it', async () => {
    const host = new FakeHost();
    const answer = askAgent('certificates', host.options);
    host.controller.abort();
    assert.deepEqual(host.sent.at(-1), { type: 'cancel', id: host.id });
    assert.equal(host.closed, 0);
    host.say({ type: 'error', id: host.id, error: { code: 'ERR_REQUEST_CANCELLED', message: 'x' } });
    await assert.rejects(answer, refusedWith('ERR_REQUEST_CANCELLED'));
  });

  it('waits one second and no longer for the answer to a cancel', async () => {
    const host = new FakeHost();
    const answer = askAgent('certificates', host.options);
    host.controller.abort();
    host.pass(1_000);
    await assert.rejects(answer, refusedWith('ERR_REQUEST_CANCELLED'));
    assert.equal(host.closed, 1);
  });

  it('is called off at once by a signal that came before', async () => {
    const host = new FakeHost();
    host.controller.abort();
    const answer = askAgent('certificates', host.options);
    assert.equal(host.sent.at(-1)?.type, 'cancel');
    host.pass(1_000);
    await assert.rejects(answer, refusedWith('ERR_REQUEST_CANCELLED'));
  });

  it('takes an answer of another shape for another version', async () => {
    for (const result of [{}, { ...state, extra: 1 }, { agent: '0.1.0' }]) {
      const host = new FakeHost();
      const answer = askStatus(host.options);
      host.say({ type: 'response', id: host.id, result });
      await assert.rejects(answer, refusedWith('ERR_AGENT_VERSION'));
    }
  });
});
