// 16: cards that claim to be hers, each with a PIN that he knows: one has her serial number and his certificate, one her
// certificate and another serial number, one both of hers; the keys are his. Nobody gets a login in her name, and where the card
// shows that it is another holder's she is logged out. No card can prove that it is hers before it signs: one that has both is
// found out then.
import assert from 'node:assert/strict';
import { parseResult } from '../../shared/messages.ts';
import { codeOf, type HostClient } from '../support/host-client.ts';
import { simulatedCard, testCard } from '../support/test-cards.ts';
import { attempt, isOf, RegisteredSite } from './registered-site.ts';
import { honestLogin, newNonce, startTarget, type Target, withoutKeyUse } from './target.ts';

const clones = {
  serial: 'her serial number and his certificate',
  certificate: 'her certificate and another serial number',
  both: 'her serial number and her certificate',
} as const;

const exchanges = {
  'put in': {},
  'put in unseen': { unseen: true },
  'put in unseen, with its PIN given': { unseen: true, verified: true },
} as const;

describe('16 cloned cards', function () {
  this.timeout(40_000);
  let site: RegisteredSite;
  let target: Target;
  let host: HostClient;
  let strangers = 0;

  before(async () => {
    const [hers, his] = [simulatedCard(await testCard('anna')), simulatedCard(await testCard('bertil'))];
    const [{ key }] = his.certificates as [(typeof his.certificates)[number]];
    const forged = hers.certificates.map((entry) => ({ ...entry, key }));
    site = await RegisteredSite.start();
    target = await startTarget({
      cards: {
        serial: { ...his, serialNumber: hers.serialNumber },
        certificate: { ...his, serialNumber: '00clone', certificates: forged },
        both: { ...his, serialNumber: hers.serialNumber, certificates: forged },
      },
      policy: { sites: [{ origin: site.origin, access: 'silent' }], logout: { authorities: site.authorities } },
    });
    host = await target.agent.host();
  });
  after(async () => {
    await target.agent.stop();
    await site.stop();
  });
  afterEach(async () => {
    const { simulator } = target.agent;
    await simulator.remove();
    await simulator.insert('anna');
    await honestLogin(target, host, site.origin);
  });

  /** Twice: the first request may end with "another card is in". */
  async function askTwice(): Promise<void> {
    for (let request = 0; request < 2; request++) {
      const outcome = await attempt(target, host, site.origin);
      assert.ok(!('token' in outcome), 'somebody is logged in without a PIN');
    }
  }

  for (const [clone, what] of Object.entries(clones) as [keyof typeof clones, string][]) {
    for (const [how, exchange] of Object.entries(exchanges)) {
      it(`nobody is she by a card with ${what} (${how})`, async () => {
        const { agent, anna, bertil } = target;
        const hers = await site.logIn(target, host, anna);
        await agent.simulator.swap(clone, exchange);
        // A driver that notices nothing signs with whatever key is there; that is found out before anybody gets it.
        await ('verified' in exchange ? askTwice() : withoutKeyUse(target, askTwice));
        agent.pinentry.reset();
        agent.pinentry.answer(`pin ${bertil.pin}`);
        const answer = await host.authenticate(`https://stranger${++strangers}.example`, newNonce()).answer;
        agent.pinentry.reset();
        if (clone === 'serial') {
          assert.ok('result' in answer, JSON.stringify(answer));
          assert.ok(isOf(parseResult('authenticate', answer.result), bertil), 'he is logged in as somebody else');
        } else assert.equal(codeOf(answer), 'ERR_CARD_FAILED');
        if (clone !== 'both') await site.ended(hers);
        assert.ok(site.endings(hers).length <= 1);
      });
    }
  }
});
