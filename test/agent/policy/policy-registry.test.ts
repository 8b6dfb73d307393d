// The policy in the registry: what is written is read, what is wrong is refused by name, and the file gives way value by value.
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { mergePolicies, policyFromRegistry, type RegistryKey } from '../../../agent/policy/policy-registry.ts';
import { defaultPolicy, policySchema, type PolicySettings } from '../../../shared/policy.ts';
import { anyPolicy } from './any-policy.ts';
import { full } from './policy-samples.ts';
import { dword, key, registryOf, sz } from './registry-samples.ts';

const read = (root: RegistryKey): PolicySettings => {
  const outcome = policyFromRegistry(root);
  assert.ok(outcome.ok, JSON.stringify(outcome));
  return outcome.settings;
};

describe('The policy in the registry', () => {
  it('is the policy that was written there, whatever it says', () => {
    const rest: Partial<typeof full> = { ...full };
    delete rest.$schema;
    assert.deepEqual(policySchema.parse(read(registryOf(rest))), policySchema.parse(rest));
    fc.assert(
      fc.property(anyPolicy(), (settings) => {
        assert.deepEqual(policySchema.parse(read(registryOf(settings))), policySchema.parse(settings));
      }),
    );
  });

  it('that says nothing means the defaults, also where group policy has left keys behind', () => {
    for (const root of [key({}), key({ pin: key({}), logout: key({ actions: key({}), grace: key({}) }) })]) {
      assert.deepEqual(policySchema.parse(read(root)), defaultPolicy);
    }
    assert.deepEqual(read(key({ 'a setting of later': key({ deeper: key({}) }) })), {});
  });

  it('is read without regard to case, as Windows reads it', () => {
    assert.deepEqual(read(key({ PIN: key({ IDLEminutes: dword(60) }), OtherSites: sz('refuse') })), {
      pin: { idleMinutes: 60 },
      otherSites: 'refuse',
    });
  });

  it('has its lists in the order of the numbers, with gaps or without', () => {
    const names = (numbers: string[]) => key(Object.fromEntries(numbers.map((name) => [name, sz(words[name]!)])));
    const words: Record<string, string> = { 1: 'event', 2: 'call', 10: 'clear', 300: 'navigate' };
    assert.deepEqual(read(key({ logout: key({ actions: names(['300', '10', '2', '1']) }) })).logout?.actions, [
      'event',
      'call',
      'clear',
      'navigate',
    ]);
  });

  it('tells an empty list, which is one empty text, from a list that is not set', () => {
    const actions = (list: RegistryKey) => read(key({ logout: key({ actions: list }) })).logout?.actions;
    assert.deepEqual(actions(key({ '1': sz('') })), []);
    assert.equal(actions(key({})), undefined);
  });

  it('may lack the closing zero of its texts', () => {
    const data = new Uint8Array(Buffer.from('refuse', 'utf16le'));
    assert.deepEqual(read(key({ otherSites: { type: 1, data } })), { otherSites: 'refuse' });
  });

  const text = (words: string) => new Uint8Array(Buffer.from(words, 'utf16le'));
  const site = (words: string) => key({ sites: key({ '1': sz('{"origin":"https://a.se"}'), '7': sz(words) }) });
  const refused: [string, RegistryKey, string, RegExp][] = [
    ['an unknown value', key({ tokken: dword(1) }), 'tokken', /^unknown value/],
    ['an unknown value further in', key({ pin: key({ remember: dword(1) }) }), 'pin\\remember', /^unknown value/],
    ['an unknown key', key({ pins: key({ idleMinutes: dword(5) }) }), 'pins', /^unknown key/],
    ['a key within a list', key({ sites: key({ a: key({ b: sz('') }) }) }), 'sites\\a', /^unknown key/],
    ['a default value', key({ '': sz('x') }), '(Default)', /^unknown value/],
    ['$schema', key({ $schema: sz('x') }), '$schema', /^unknown value/],
    ['a text in place of a number', key({ pin: key({ idleMinutes: sz('5') }) }), 'pin\\idleMinutes', /REG_DWORD/],
    ['a number in place of a text', key({ otherSites: dword(1) }), 'otherSites', /REG_SZ/],
    ['a text to be expanded', key({ otherSites: { type: 2, data: text('ask') } }), 'otherSites', /REG_SZ/],
    ['a number of 8 bytes', key({ allowLocalhost: { type: 11, data: new Uint8Array(8) } }), 'allowLocalhost', /DWORD/],
    ['a short number', key({ allowLocalhost: { type: 4, data: new Uint8Array(3) } }), 'allowLocalhost', /DWORD/],
    ['a truth of 2', key({ allowLocalhost: dword(2) }), 'allowLocalhost', /0 or 1/],
    ['a value out of bounds', key({ pin: key({ idleMinutes: dword(0) }) }), 'pin\\idleMinutes', />=1/],
    ['a value far out', key({ pin: key({ idleMinutes: dword(0xffff_ffff) }) }), 'pin\\idleMinutes', /<=1440/],
    ['a word that is not in the list', key({ otherSites: sz('silent') }), 'otherSites', /refuse/],
    ['an odd number of bytes', key({ otherSites: { type: 1, data: new Uint8Array(3) } }), 'otherSites', /UTF-16/],
    ['half a character', key({ otherSites: { type: 1, data: text('\ud800') } }), 'otherSites', /UTF-16/],
    ['a zero within', key({ otherSites: { type: 1, data: text('ask\0x\0') } }), 'otherSites', /zero/],
    ['a list as a value', key({ sites: sz('[]') }), 'sites', /must be a key/],
    ['a section as a value', key({ pin: dword(1) }), 'pin', /must be a key/],
    ['a value as a key', key({ otherSites: key({ '1': sz('ask') }) }), 'otherSites', /must be a value/],
    ['an entry without a number', key({ tokens: key({ one: sz('{}') }) }), 'tokens\\one', /number/],
    ['an entry named 0', key({ tokens: key({ '0': sz('{}') }) }), 'tokens\\0', /number/],
    ['an entry named 01', key({ tokens: key({ '01': sz('{}') }) }), 'tokens\\01', /number/],
    ['an entry that is no JSON', site('{'), 'sites\\7', /JSON/],
    ['an entry that says a thing twice', site('{"origin":"https://b.se","origin":"https://c.se"}'), 'sites\\7', /JSON/],
    ['an entry with __proto__', site('{"__proto__":{}}'), 'sites\\7', /JSON/],
    ['an entry that nests deep', site('{"a":[[[[]]]]}'), 'sites\\7', /JSON/],
    ['an entry that is no object', site('7'), 'sites\\7', /object/],
    ['an entry without what it needs', site('{"access":"silent"}'), 'sites\\7', /^origin: /],
    ['an entry with an unknown name', site('{"origin":"https://b.se","acces":"ask"}'), 'sites\\7', /acces/],
    ['the same site twice', site('{"origin":"https://a.se"}'), 'sites', /twice/],
    ['two entries of which one is empty', site(''), 'sites\\7', /JSON/],
  ];
  for (const [name, root, where, reason] of refused) {
    it(`with ${name} is refused by name`, () => {
      const outcome = policyFromRegistry(root);
      assert.ok(!outcome.ok);
      assert.equal(outcome.name, where);
      assert.match(outcome.reason, reason);
    });
  }

  it('never throws, whatever stands there', () => {
    const value = fc.record({ type: fc.integer({ min: 0, max: 11 }), data: fc.uint8Array({ maxLength: 8 }) });
    const name = fc.oneof(
      fc.constantFrom('pin', 'idleMinutes', 'sites', 'logout', 'actions', 'grace', '1'),
      fc.string(),
    );
    const keyOf = (levels: number): fc.Arbitrary<RegistryKey> => {
      const below = levels === 0 ? fc.constant({}) : fc.dictionary(name, keyOf(levels - 1), { maxKeys: 3 });
      return fc.record({ values: fc.dictionary(name, value, { maxKeys: 3 }), keys: below });
    };
    fc.assert(fc.property(keyOf(3), (root) => void policyFromRegistry(root)));
  });
});

describe('The registry laid over the file', () => {
  it('wins value by value, and replaces a list whole', () => {
    const file: PolicySettings = {
      pin: { idleMinutes: 30, dialogSeconds: 60 },
      sites: [{ origin: 'https://a.se' }, { origin: 'https://b.se' }],
      logout: { guard: true, grace: { readerSeconds: 60 } },
      otherSites: 'refuse',
    };
    const registry: PolicySettings = {
      pin: { idleMinutes: 10 },
      sites: [{ origin: 'https://c.se' }],
      logout: { grace: { serviceSeconds: 90 } },
    };
    const merged = mergePolicies(file, registry);
    assert.deepEqual([merged.pin.idleMinutes, merged.pin.dialogSeconds], [10, 60]);
    assert.deepEqual(
      merged.sites.map(({ origin }) => origin),
      ['https://c.se'],
    );
    assert.deepEqual([merged.logout.guard, merged.otherSites], [true, 'refuse']);
    assert.deepEqual(merged.logout.grace, { readerSeconds: 60, serviceSeconds: 90 });
  });

  it('can make a list empty', () => {
    assert.deepEqual(mergePolicies({ sites: [{ origin: 'https://a.se' }] }, { sites: [] }).sites, []);
  });

  it('changes neither of them, and is itself a valid policy whatever they say', () => {
    fc.assert(
      fc.property(anyPolicy(), anyPolicy(), (file, registry) => {
        const [before, above] = [structuredClone(file), structuredClone(registry)];
        const merged = mergePolicies(file, registry);
        assert.deepEqual([file, registry], [before, above]);
        assert.deepEqual(mergePolicies(merged, registry), merged);
        assert.deepEqual(mergePolicies(policySchema.parse(file), registry), merged);
      }),
    );
  });

  it('is the file where the registry says nothing, and the registry where the file does not', () => {
    fc.assert(
      fc.property(anyPolicy(), (settings) => {
        assert.deepEqual(mergePolicies(settings, {}), policySchema.parse(settings));
        assert.deepEqual(mergePolicies({}, settings), policySchema.parse(settings));
      }),
    );
  });
});
