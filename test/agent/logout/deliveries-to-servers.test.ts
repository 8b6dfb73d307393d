// Deliveries and real servers together.
import assert from 'node:assert/strict';
import { Deliveries } from '../../../agent/logout/deliveries.ts';
import { callSite } from '../../../agent/logout/site-call.ts';
import { waitUntil } from '../../native-host/within.ts';
import { settle } from '../fake-clock.ts';
import { CallWorld, answering, type Received } from './call-world.ts';

describe('Logouts that are delivered to servers', () => {
  let world: CallWorld;
  let settled: string[];
  let calls: number;
  let deliveries: Deliveries;
  beforeEach(async () => {
    world = await CallWorld.create();
    settled = [];
    calls = 0;
    deliveries = new Deliveries({
      clock: world.clock,
      now: () => Date.now(),
      call: async (call, signal) => {
        const outcome = await callSite(call, world.surroundings(), signal);
        calls += 1;
        return outcome;
      },
      settled: (id, { outcome }) => settled.push(`${id} ${outcome}`),
    });
  });
  afterEach(async () => {
    deliveries.stop();
    await world.end();
  });
  const order = (id: string, host: string, port: number): void =>
    deliveries.deliver({ id, url: `https://${host}:${port}/${id}`, token: 'T'.repeat(22) }, 'card-removed', Date.now());

  it('arrive while another server hangs with twenty of them', async () => {
    const hanging = await world.site(() => undefined, { names: ['hanging.localhost'] });
    const received: Received[] = [];
    const other = await world.site(answering(200, received), { names: ['recept.localhost'] });
    for (let count = 0; count < 20; count++) order(String(count), 'hanging.localhost', hanging.port);
    order('other', 'recept.localhost', other.port);
    await waitUntil(() => settled.length > 0, 'the other site is called');
    assert.deepEqual(settled, ['other done']);
    await waitUntil(() => hanging.connections === 2, 'the hanging site has been called as well');
    assert.equal(received[0]?.url, '/other');
    deliveries.stop();
    await waitUntil(() => hanging.open.size === 0, 'no call is left');
  });

  it('arrive in the end at a server that was broken', async () => {
    const received: Received[] = [];
    const statuses = [503, 500, 429, 200];
    const site = await world.site((request, response) => {
      answering(statuses.shift() ?? 500, received)(request, response);
    });
    order('1', 'journal.localhost', site.port);
    for (const [failures, pause] of [500, 1_000, 2_000].entries()) {
      await waitUntil(() => calls === failures + 1, 'the call has failed');
      await settle();
      world.clock.advance(pause);
    }
    await waitUntil(() => settled.length > 0, 'it is settled');
    assert.deepEqual(settled, ['1 done']);
    assert.equal(received.length, 4);
  });
});
