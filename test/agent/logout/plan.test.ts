// What policy wants when a card leaves: every case as a table.
import assert from 'node:assert/strict';
import { type Doubt, type Presence } from '../../../agent/cards/holder-presence.ts';
import { logoutPlan, verdict, type LogoutPlan, type Verdict } from '../../../agent/logout/plan.ts';
import { policySchema } from '../../../shared/policy.ts';

const journal = 'https://journal.example.se';
const spot = { reader: 'A', generation: '1/A/1' };
const plan = (logout: unknown, sites: unknown[] = [], origin = journal) =>
  logoutPlan(policySchema.parse({ logout, sites }), origin);
const site = (logout: unknown) => [{ origin: journal, logout }];

describe('The plan of a logout', () => {
  const byDefault: LogoutPlan = {
    keep: false,
    actions: ['event', 'call', 'clear', 'navigate'],
    guarded: false,
    grace: {},
  };
  const page = `${journal}/out`;
  const cases: [string, LogoutPlan, Partial<LogoutPlan>][] = [
    ['says what every machine does without a policy', plan({}), byDefault],
    [
      'is the machine\u2019s where a site says nothing',
      plan({ actions: ['event'], guard: true }, site({})),
      { ...byDefault, actions: ['event'], guarded: true },
    ],
    [
      'is the site\u2019s own',
      plan({ actions: ['event'] }, site({ actions: ['lock', 'clear'] })),
      { ...byDefault, actions: ['lock', 'clear'] },
    ],
    ['may be to do nothing', plan({}, site({ actions: [] })), { ...byDefault, actions: [] }],
    ['keeps a site', plan({}, site({ keep: true })), { ...byDefault, keep: true }],
    ['guards a site', plan({}, site({ guard: true })), { ...byDefault, guarded: true }],
    ['leaves one site unguarded', plan({ guard: true }, site({ guard: false })), byDefault],
    ['has addresses', plan({}, site({ url: page, page })), { ...byDefault, url: page, page }],
    [
      'counts grace in milliseconds',
      plan({ grace: { readerSeconds: 5, serviceSeconds: 6, sessionSeconds: 7 } }),
      { ...byDefault, grace: { reader: 5_000, service: 6_000, session: 7_000 } },
    ],
    [
      'takes a site\u2019s grace for all three',
      plan({ grace: { readerSeconds: 5, serviceSeconds: 6 } }, site({ grace: { serviceSeconds: 9 } })),
      { ...byDefault, grace: { service: 9_000 } },
    ],
    ['can give a site no grace that ends', plan({ grace: { readerSeconds: 5 } }, site({ grace: {} })), byDefault],
    [
      'is another site\u2019s nothing',
      plan({}, [{ origin: 'https://recept.example.se', logout: { keep: true } }]),
      byDefault,
    ],
  ];
  for (const [name, got, expected] of cases) it(name, () => assert.deepEqual(got, expected));
});

describe('A visit', () => {
  const doubt = (why: Doubt, since: number, readBy?: number): Presence => ({
    state: 'doubtful',
    why,
    since,
    begun: { [why]: since },
    ...(readBy === undefined ? {} : { readBy }),
    spot,
  });
  const grace = { grace: { readerSeconds: 5, serviceSeconds: 60, sessionSeconds: 600 } };
  const never: Verdict = { ends: 'never' };
  const cases: [string, Presence | undefined, unknown, Verdict][] = [
    ['stays while the holder is there', { state: 'present', spot }, {}, never],
    [
      'ends when the card is pulled',
      { state: 'gone', why: 'removed', spot },
      {},
      { ends: 'now', reason: 'card-removed' },
    ],
    [
      'ends when the card is exchanged',
      { state: 'gone', why: 'exchanged', spot },
      {},
      { ends: 'now', reason: 'card-exchanged' },
    ],
    [
      'ends when somebody else logs in',
      { state: 'gone', why: 'superseded', spot },
      {},
      { ends: 'now', reason: 'another-holder' },
    ],
    ['ends when nothing is known of the holder', undefined, {}, { ends: 'now', reason: 'another-holder' }],
    ['stays while the card is mute', doubt('mute', 0), grace, never],
    ['stays while a card is not identified', doubt('unidentified', 0), grace, never],
    ['stays without the reader', doubt('reader', 0), {}, never],
    ['stays without the service', doubt('service', 0), {}, never],
    ['stays without the session', doubt('session', 0), {}, never],
    ['ends when the reader stays away', doubt('reader', 5_000), grace, { ends: 'now', reason: 'reader-gone' }],
    ['stays for the reader\u2019s grace', doubt('reader', 5_001), grace, { ends: 'later', at: 10_001 }],
    ['stays for the service\u2019s grace', doubt('service', 5_000), grace, { ends: 'later', at: 65_000 }],
    ['stays for the session\u2019s grace', doubt('session', 5_000), grace, { ends: 'later', at: 605_000 }],
    ['stays for the other two\u2019s grace', doubt('reader', 0), { grace: { serviceSeconds: 5 } }, never],
    [
      'stays until a card that is back could be read',
      doubt('reader', 5_000, 10_500),
      grace,
      { ends: 'later', at: 10_500 },
    ],
    ['ends when that time is over too', doubt('reader', 5_000, 10_000), grace, { ends: 'now', reason: 'reader-gone' }],
    [
      'gains nothing from a card that is back when its grace is longer',
      doubt('service', 0, 11_000),
      grace,
      { ends: 'later', at: 60_000 },
    ],
  ];
  for (const [name, presence, logout, expected] of cases) {
    it(name, () => assert.deepEqual(verdict(presence, plan(logout), 10_000), expected));
  }
});
