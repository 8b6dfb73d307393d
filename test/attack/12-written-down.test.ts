// 12, on paper: what the audit log and stderr hold after logins that went well and ill.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { parseResult } from '../../shared/messages.ts';
import { randomPin } from '../support/test-cards.ts';
import { newNonce, sites, startTarget, type Target } from './target.ts';

describe('12 what is written down', function () {
  this.timeout(30_000);
  let target: Target;
  const site = 'https://personal.example';

  before(async () => {
    target = await startTarget({ policy: { sites: [...sites, { origin: site, identity: 'personal-number' }] } });
  });
  after(async () => target.agent.stop());

  it('holds no nonce, no signature, no hash, no personal number, no name, whatever became of the login', async () => {
    const { agent, anna } = target;
    const host = await agent.host();
    const written: string[] = [anna.pin, anna.person.surname, anna.person.personalNumber ?? '?', anna.person.hsaId];
    for (const answer of [`pin ${anna.pin}`, 'cancel', `pin ${randomPin()}`, 'cancel'] as const) {
      const nonce = newNonce();
      const digest = createHash('sha256').update(createHash('sha256').update(site).digest());
      const hash = digest.update(createHash('sha256').update(nonce).digest()).digest();
      written.push(nonce, hash.toString('hex'), hash.toString('base64'), answer.replace('pin ', ''));
      agent.pinentry.reset();
      agent.pinentry.answer(answer);
      const outcome = await host.authenticate(site, nonce).answer;
      if ('result' in outcome) {
        const { signature, unverifiedCertificate } = parseResult('authenticate', outcome.result);
        written.push(signature, Buffer.from(signature, 'base64').toString('hex'), unverifiedCertificate);
      }
      await host.ask({ verb: 'forget-pin', caller: { kind: 'user' } }).answer;
    }
    await host.ask({ verb: 'certificates', caller: { kind: 'user' } }).answer;
    const log = agent.auditText();
    assert.match(log, /"event":"pin-sso-started"/);
    assert.match(log, /"code":"ERR_PIN_WRONG"/);
    for (const secret of written.filter((text) => text !== 'cancel'))
      assert.ok(!log.includes(secret), 'a secret stands in the audit log');
    assert.equal(agent.stderr + host.stderr, '');
  });
});
