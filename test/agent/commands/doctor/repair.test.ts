import assert from 'node:assert/strict';
import { problem, type Finding, type Repair } from '../../../../agent/commands/doctor/finding.ts';
import { repair, type RepairTools } from '../../../../agent/commands/doctor/repair.ts';

const text = { sv: 'x', en: 'x' };
const found = (...repairs: Repair[]): Finding[] =>
  repairs.map((one) => ({ check: 'native-host', state: 'problem', detail: text, whatToDo: text, repair: one }));
const [one, other]: [Repair, Repair] = [
  { view: 32, key: 'SOFTWARE\\A' },
  { view: 64, key: 'SOFTWARE\\B' },
];

/** A registry in which `hidden` comes to light when the entry before it is gone. */
function desk(changes: Partial<RepairTools> & { hidden?: Repair[] } = {}) {
  const record = { removed: [] as Repair[], said: [] as string[], asked: [] as string[] };
  const left = [...(changes.hidden ?? [])];
  const tools: RepairTools = {
    language: 'en',
    look: () => Promise.resolve(found(...left.splice(0, 1))),
    say: (line) => record.said.push(line),
    ask: (question) => {
      record.asked.push(question);
      return Promise.resolve('y');
    },
    yes: false,
    remove: (entry) => {
      record.removed.push(entry);
      return Promise.resolve(true);
    },
    ...changes,
  };
  return { record, tools };
}

describe('doctor --repair', () => {
  it('asks, removes what it was told to, and looks again', async () => {
    const { record, tools } = desk();
    assert.deepEqual(await repair(found(one), tools), []);
    assert.deepEqual(record.asked, ['Remove HKCU\\SOFTWARE\\A (32 bit)? [y/N] ']);
    assert.deepEqual([record.removed, record.said], [[one], ['Removed: HKCU\\SOFTWARE\\A (32 bit)']]);
  });

  it('goes on with what the first one has hidden', async () => {
    const { record, tools } = desk({ hidden: [other] });
    assert.deepEqual(await repair(found(one), tools), []);
    assert.deepEqual(record.removed, [one, other]);
  });

  for (const answer of ['j', 'J', 'ja', 'y', ' Yes ', 'YES']) {
    it(`takes "${answer}" for a yes`, async () => {
      const { record, tools } = desk({ ask: () => Promise.resolve(answer) });
      await repair(found(one), tools);
      assert.deepEqual(record.removed, [one]);
    });
  }

  for (const answer of ['', 'n', 'nej', 'no', 'jag vet inte', 'yy', '1']) {
    it(`takes "${answer}" for a no, and removes nothing`, async () => {
      const { record, tools } = desk({ ask: () => Promise.resolve(answer) });
      const findings = found(one);
      assert.equal(await repair(findings, tools), findings);
      assert.deepEqual([record.removed, record.said], [[], ['Left as it is: HKCU\\SOFTWARE\\A (32 bit)']]);
    });
  }

  it('removes nothing where there is nobody to ask', async () => {
    const { record, tools } = desk({ ask: undefined });
    assert.equal(await repair(found(one), tools), undefined);
    assert.deepEqual(record.removed, []);
    assert.match(record.said.join(), /--repair --yes/);
  });

  it('asks nobody with --yes', async () => {
    const { record, tools } = desk({ ask: undefined, yes: true });
    await repair(found(one, other), tools);
    assert.deepEqual([record.removed[0], record.asked], [one, []]);
  });

  it('tries what cannot be removed once, and says so', async () => {
    const { record, tools } = desk({ yes: true, remove: () => Promise.resolve(false) });
    assert.equal((await repair(found(one, one), tools))?.length, 2);
    assert.deepEqual(record.said, ['Could not be removed: HKCU\\SOFTWARE\\A (32 bit)']);
  });

  it('asks of an entry that two browsers meet once', async () => {
    const { record, tools } = desk({ ask: () => Promise.resolve('n') });
    await repair(found(one, one), tools);
    assert.equal(record.said.length, 1);
  });

  it('says so when there is nothing that it can mend', async () => {
    const { record, tools } = desk();
    const findings = [problem('readers', text, text)];
    assert.equal(await repair(findings, tools), findings);
    assert.match(record.said.join(), /nothing that doctor can mend/);
  });
});
