import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import {
  allowedBy,
  beforeDynamic,
  difference,
  isDenied,
  wantedRules,
  type Guard,
  type Rule,
} from '../../../extension/background/logout/deny-rules.ts';

const journal = 'https://journal.example:8443';
const other = 'https://other.example';
const guard = (changes: Partial<Record<keyof Guard, string[]>> = {}): Guard => ({
  guarded: new Set(changes.guarded),
  allowed: new Set(changes.allowed),
  clearing: new Set(changes.clearing),
  calling: new Set(changes.calling),
});
const rules = (changes: Partial<Record<keyof Guard, string[]>>) => wantedRules(guard(changes), 'own-id');
const brief = (list: readonly Rule[]) =>
  list.map(({ priority, action, condition }) => [priority, action.type, condition.urlFilter]);

describe('the rules that block requests', () => {
  it('block a guarded origin and its web sockets, with its port, on disk', () => {
    const { dynamic, session } = rules({ guarded: [journal] });
    assert.deepEqual(brief(dynamic), [
      [1, 'block', '|https://journal.example:8443/'],
      [1, 'block', '|wss://journal.example:8443/'],
    ]);
    assert.deepEqual(session, []);
    for (const { condition } of dynamic) {
      for (const type of ['main_frame', 'sub_frame', 'xmlhttprequest', 'websocket', 'webtransport', 'ping', 'other']) {
        assert.ok(
          condition.resourceTypes?.some((one) => one === type),
          type,
        );
      }
    }
  });

  it('let a guarded origin through for this run of the browser only, and nothing else', () => {
    const { dynamic, session } = rules({ guarded: [journal], allowed: [journal, other] });
    assert.equal(dynamic.length, 2);
    assert.deepEqual(brief(session), [
      [2, 'allow', '|https://journal.example:8443/'],
      [2, 'allow', '|wss://journal.example:8443/'],
    ]);
  });

  it('block an origin that is being cleared above all else, and let only our own fetch past the guard', () => {
    const { session } = rules({ guarded: [journal], allowed: [journal], calling: [journal], clearing: [journal] });
    const priority = (words: string, initiator: boolean) =>
      session.find(
        ({ action, condition }) => action.type === words && (condition.initiatorDomains !== undefined) === initiator,
      )?.priority ?? 0;
    assert.ok(priority('block', false) > priority('allow', true));
    assert.ok(priority('allow', true) > priority('allow', false));
    assert.deepEqual(session.find(({ priority: one }) => one === 3)?.condition.initiatorDomains, ['own-id']);
  });

  it('have ids that depend on nothing but the rules, and no two the same', () => {
    const origins = fc
      .uniqueArray(fc.nat(2_000), { maxLength: 60 })
      .map((numbers) => numbers.map((n) => `https://s${n}.example`));
    fc.assert(
      fc.property(origins, (list) => {
        const one = rules({ guarded: list, allowed: list, clearing: list });
        const two = rules({ guarded: [...list].reverse(), allowed: list, clearing: [...list].reverse() });
        assert.deepEqual(two, one);
        for (const scope of [one.dynamic, one.session]) {
          assert.equal(new Set(scope.map(({ id }) => id)).size, scope.length);
          assert.ok(scope.every(({ id }) => Number.isInteger(id) && id >= 1 && id < 2 ** 31));
        }
      }),
      { numRuns: 30 },
    );
  });

  it('change by what is too much and what is missing, whatever the order in which Chromium gives them back', () => {
    const { dynamic: before } = rules({ guarded: [journal] });
    const { dynamic: after } = rules({ guarded: [other] });
    assert.deepEqual(difference(before, after), { removeRuleIds: before.map(({ id }) => id), addRules: after });
    const given = before.map(({ condition, ...rule }) => ({
      condition: { urlFilter: condition.urlFilter, resourceTypes: [...(condition.resourceTypes ?? [])].reverse() },
      ...rule,
    })) as Rule[];
    assert.equal(difference(given, before), undefined);
    const strange = { ...before[0]!, action: { type: 'allow' } } as Rule;
    assert.deepEqual(difference([strange], before), { removeRuleIds: [strange.id], addRules: before });
  });

  it('keep what lets an origin through until its block is gone', () => {
    const { session: current } = rules({ guarded: [journal, other], allowed: [journal, other] });
    const { session: wanted } = rules({ guarded: [other] });
    const kept = beforeDynamic(current, wanted, new Set([other]));
    assert.deepEqual(
      kept.map(({ condition }) => condition.urlFilter).sort(),
      ['|https://journal.example:8443/', '|wss://journal.example:8443/'],
      'the journal leaves, the other is blocked at once',
    );
  });

  it('tell which origins the worker before let through', () => {
    const { session } = rules({ guarded: [journal, other], allowed: [journal] });
    assert.deepEqual([...allowedBy(session, [journal, other])], [journal]);
  });

  it('deny what is guarded and not allowed, or being cleared', () => {
    const given = guard({ guarded: [journal, other], allowed: [other], clearing: ['https://third.example'] });
    assert.deepEqual(
      [journal, other, 'https://third.example', 'https://free.example'].map((origin) => isDenied(given, origin)),
      [true, false, true, false],
    );
  });
});
