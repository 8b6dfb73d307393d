import assert from 'node:assert/strict';
import { OpenedWindows, type WindowSender } from '../../../extension/background/logout/opened-windows.ts';

const own = 'extension';
const journal = 'https://journal.example';
const sender = (changes: WindowSender = {}): WindowSender => ({
  id: own,
  origin: journal,
  frameId: 0,
  tab: { id: 7 },
  ...changes,
});

describe('windows that sites have opened', () => {
  it('are known while their document lives', () => {
    const windows = new OpenedWindows();
    const first = windows.connected(sender(), own);
    const second = windows.connected(sender({ tab: { id: 8 }, origin: 'https://other.example' }), own);
    assert.deepEqual([windows.originOf(7), windows.originOf(8)], [journal, 'https://other.example']);
    first.gone();
    assert.deepEqual([windows.originOf(7), windows.originOf(8)], [undefined, 'https://other.example']);
    second.gone();
    assert.equal(windows.originOf(8), undefined);
  });

  it('are known by what was ended in them until they show something else', () => {
    const windows = new OpenedWindows();
    windows.connected(sender(), own).gone();
    windows.ended(107, journal);
    assert.equal(windows.originOf(107), journal);
    windows.left(107);
    assert.equal(windows.originOf(107), undefined);
  });

  it('are those that the browser says so of, and no others', () => {
    for (const changes of [
      { id: 'another extension' },
      { origin: 'null' },
      { origin: 'http://journal.example' },
      { frameId: 1 },
      { tab: {} },
    ]) {
      const windows = new OpenedWindows();
      windows.connected(sender(changes), own);
      assert.equal(windows.originOf(7), undefined, JSON.stringify(changes));
    }
    const windows = new OpenedWindows();
    windows.connected(undefined, own);
    assert.equal(windows.originOf(undefined), undefined);
  });
});
