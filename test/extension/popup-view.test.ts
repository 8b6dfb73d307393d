import assert from 'node:assert/strict';
import { popupView } from '../../extension/popup/popup-view.ts';
import { agentState, emptyReader, reader, readerName, token } from './agent-states.ts';
import { moreStates, popupStates } from './popup-states.ts';
import { type TokenState } from '../../shared/messages.ts';

const pinOf = (pin: TokenState['pin']) =>
  popupView({ reach: { state: 'connected' }, pulled: false, state: agentState([reader({ tokens: [token({ pin })] })]) })
    .readers[0]?.cards[0]?.pin;

describe("the popup's view", () => {
  it('shows the card, its holder and the reader', () => {
    assert.deepEqual(popupView(popupStates['card-in']).readers, [
      {
        name: readerName,
        cards: [
          {
            holder: 'Anna Testsson',
            organisation: 'Region Exempel',
            holderId: 'SE0000000000-1ABC',
            pin: { key: 'pinOk', isAlarming: false },
          },
        ],
      },
    ]);
  });

  it('names the sites only while PIN-SSO is on, each once and sorted', () => {
    assert.equal(popupView(popupStates['card-in']).sites, undefined);
    const sites = ['https://b.example', 'https://a.example', 'https://b.example'];
    const state = agentState([
      reader({ tokens: [token({ pinSso: true, sites })] }),
      reader({ tokens: [token({ sites: ['https://c.example'] })] }),
    ]);
    assert.deepEqual(popupView({ reach: { state: 'connected' }, pulled: false, state }).sites, [
      'https://a.example',
      'https://b.example',
    ]);
  });

  it('gives the tries left only where the card tells them, and never as comfort at the last one', () => {
    assert.deepEqual(pinOf({ state: 'ok' }), { key: 'pinOk', isAlarming: false });
    assert.deepEqual(pinOf({ state: 'ok', triesLeft: 3 }), { key: 'pinTriesMany', triesLeft: 3, isAlarming: false });
    assert.deepEqual(pinOf({ state: 'low', triesLeft: 1 }), { key: 'pinTriesOne', triesLeft: 1, isAlarming: true });
    assert.deepEqual(pinOf({ state: 'low' }), { key: 'pinLow', isAlarming: true });
    assert.deepEqual(pinOf({ state: 'final', triesLeft: 1 }), { key: 'pinFinal', isAlarming: true });
    assert.deepEqual(pinOf({ state: 'locked', triesLeft: 0 }), { key: 'pinLocked', isAlarming: true });
    assert.deepEqual(pinOf({ state: 'unknown' }), { key: 'pinUnknown', isAlarming: false });
  });

  it('says of each of several readers what is in it, and leaves out a lone one without a card', () => {
    assert.deepEqual(popupView(popupStates['no-card']).readers, []);
    assert.deepEqual(
      popupView(moreStates['two-readers']!).readers.map(({ note }) => note),
      [undefined, 'readerEmpty'],
    );
    const state = agentState([emptyReader, { ...emptyReader, name: 'Second' }]);
    assert.equal(popupView({ reach: { state: 'connected' }, pulled: false, state }).readers.length, 2);
  });

  it('shows nothing of a card while nobody knows whether it is still there', () => {
    const { state } = popupStates['in-use'];
    assert.ok(state);
    const gone = popupView({ reach: { state: 'gone', code: 'ERR_AGENT_STOPPED' }, state, pulled: false });
    assert.deepEqual([gone.readers, gone.sites], [[], undefined]);
  });
});
