// What befalls an agent without anybody's malice: it hangs, a clean-up removes its files, it is killed with a card logged
// in, policy changes while a dialog is open. Each time: a definite answer, no silent use of the card, and the next login.
import assert from 'node:assert/strict';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { parseEndpoint } from '../../shared/endpoint.ts';
import { honestLogin, impose, journal, newNonce, sites, startTarget, type Target } from '../attack/target.ts';
import { waitUntil, within } from '../native-host/within.ts';
import { codeOf } from '../support/host-client.ts';

describe('An agent that has bad luck', () => {
  let target: Target;

  beforeEach(async () => {
    target = await startTarget({ policy: { sites, pin: { idleMinutes: 60 } } });
  });
  afterEach(() => target.agent.stop());

  const verified = async () => (await target.agent.simulator.state()).cards['anna']?.verified;

  it('and hangs: who waits is told within five seconds, and the next login works when it goes on', async () => {
    const host = await (await target.agent.host()).ready();
    await honestLogin(target, host);
    const agent = target.agent.processId ?? 0;
    process.kill(agent, 'SIGSTOP');
    try {
      const answer = await within(5_000, host.authenticate(journal, newNonce()).answer, 'the answer');
      assert.equal(codeOf(answer), 'ERR_AGENT_STOPPED');
    } finally {
      process.kill(agent, 'SIGCONT');
    }
    await honestLogin(target, await (await target.agent.host()).ready());
  });

  it('and whose endpoint file is cleaned away: it is written again', async () => {
    const file = join(target.agent.endpointDirectory, 'endpoint.json');
    const before = parseEndpoint(readFileSync(file, 'utf8')).processId;
    rmSync(file);
    await waitUntil(() => existsSync(file), 'the file');
    assert.equal(parseEndpoint(readFileSync(file, 'utf8')).processId, before);
    await honestLogin(target, await (await target.agent.host()).ready());
  });

  it('and whose directory is removed: it gives way to a new one, and the card forgets the PIN', async () => {
    const host = await (await target.agent.host()).ready();
    await honestLogin(target, host);
    const before = target.agent.processId;
    rmSync(target.agent.endpointDirectory, { recursive: true });
    await host.until((message) => message.type === 'agent' && message.state === 'gone');
    await waitUntil(() => target.agent.processId !== undefined && target.agent.processId !== before, 'a new agent');
    assert.equal(await verified(), false);
    await honestLogin(target, await (await target.agent.host()).ready());
  });

  it('and is killed with its module host while a card is logged in: the next agent makes the card forget', async () => {
    const host = await (await target.agent.host()).ready();
    await honestLogin(target, host);
    for (const { part, processId } of target.agent.processes) {
      if (part === 'agent' || part === 'module-host') process.kill(processId, 'SIGKILL');
    }
    await honestLogin(target, await (await target.agent.host()).ready());
    const { cards } = await target.agent.simulator.state();
    assert.ok((cards['anna']?.resets ?? 0) > 0, 'the card was not reset');
  });

  it('and whose policy refuses the site while its dialog is open: no PIN is sent and nothing is signed', async () => {
    const host = await (await target.agent.host()).ready();
    const { answer } = host.authenticate(journal, newNonce());
    await target.agent.pinentry.waitForDialog();
    await impose(target, host, { sites: [{ origin: journal, access: 'refuse' }] });
    target.agent.pinentry.answer(`pin ${target.anna.pin}`);
    assert.equal(codeOf(await answer), 'ERR_POLICY_ORIGIN');
    assert.deepEqual(await target.agent.keyUse('anna'), { logins: 0, signatures: 0 });
  });
});
