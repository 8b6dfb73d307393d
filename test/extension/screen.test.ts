import assert from 'node:assert/strict';
import { iconStates } from '../../extension/background/icon-state.ts';
import { type View } from '../../extension/background/popup-messages.ts';
import { screenTitles } from '../../extension/background/screen-texts.ts';
import { screenOf } from '../../extension/background/screen.ts';
import { isErrorCode } from '../../shared/errors.ts';
import { agentState, emptyReader, reader, token } from './agent-states.ts';
import { popupStates } from './popup-states.ts';

const connected = (state: View['state'] & object): View => ({ reach: { state: 'connected' }, state, pulled: false });

describe('the state that the holder sees', () => {
  for (const [name, view] of Object.entries(popupStates)) {
    it(`is ${name}`, () => assert.equal(screenOf(view).name, name));
  }

  it('names the reason where Kortbro cannot be reached', () => {
    assert.deepEqual(screenOf({ reach: { state: 'gone', code: 'ERR_AGENT_PROOF' }, pulled: false }), {
      name: 'not-running',
      code: 'ERR_AGENT_PROOF',
    });
  });

  it('is connecting until the first snapshot', () => {
    assert.equal(screenOf({ reach: { state: 'connected' }, pulled: true }).name, 'connecting');
  });

  it('is decided by the most useful card where there are several', () => {
    const locked = reader({ tokens: [token({ pin: { state: 'locked' } })] });
    const fresh = reader();
    const loggedIn = reader({ tokens: [token({ pinSso: true })] });
    const mute = reader({ card: 'mute', tokens: [] });
    assert.equal(screenOf(connected(agentState([locked, mute, emptyReader]))).name, 'locked');
    assert.equal(screenOf(connected(agentState([locked, fresh]))).name, 'card-in');
    assert.equal(screenOf(connected(agentState([locked, fresh, loggedIn]))).name, 'in-use');
    assert.equal(screenOf(connected(agentState([mute, emptyReader]))).name, 'unsupported');
  });

  it('does not call a readable card without an identity a usable one', () => {
    assert.equal(screenOf(connected(agentState([reader({ tokens: [] })]))).name, 'unsupported');
  });

  it('always has a title, an icon, and a code of the list where there is one', () => {
    for (const [name, view] of Object.entries(popupStates)) {
      const screen = screenOf(view);
      assert.ok(screenTitles[screen.name], name);
      assert.ok(iconStates[screen.name], name);
      if ('code' in screen) assert.ok(isErrorCode(screen.code), name);
    }
  });
});
