// One view for every state of the popup and the toolbar icon, with invented people.
import { type Screen } from '../../extension/background/screen.ts';
import { type View } from '../../extension/background/popup-messages.ts';
import { agentState, emptyReader, reader, token } from './agent-states.ts';

const connected = { reach: { state: 'connected' }, pulled: false } as const;
const sites = ['https://journal.region.example', 'https://recept.region.example:8443'];

export const popupStates: Readonly<Record<Screen['name'], View>> = {
  connecting: { reach: { state: 'connecting' }, pulled: false },
  'not-running': { reach: { state: 'gone', code: 'ERR_AGENT_NOT_RUNNING' }, pulled: false },
  'service-stopped': { ...connected, state: agentState([], { service: 'stopped' }) },
  suspended: { ...connected, state: agentState([], { session: 'suspended' }) },
  'no-reader': { ...connected, state: agentState([]) },
  'no-card': { ...connected, state: agentState([emptyReader]) },
  pulled: { ...connected, pulled: true, state: agentState([emptyReader]) },
  reading: { ...connected, state: agentState([reader({ card: 'reading', tokens: [] })]) },
  unsupported: { ...connected, state: agentState([reader({ card: 'unsupported', tokens: [] })]) },
  'card-in': { ...connected, state: agentState([reader()]) },
  'in-use': { ...connected, state: agentState([reader({ tokens: [token({ pinSso: true, sites })] })]) },
  locked: {
    ...connected,
    state: agentState([reader({ tokens: [token({ pin: { state: 'locked', triesLeft: 0 } })] })]),
  },
};

/** States within the states: what a busy desk shows. */
export const moreStates: Readonly<Record<string, View>> = {
  'two-readers': {
    ...connected,
    state: agentState([
      reader({ tokens: [token({ pinSso: true, sites: [], pin: { state: 'ok', triesLeft: 3 } })] }),
      { name: 'ACS ACR39U ICC Reader 01 00', card: 'empty', tokens: [] },
    ]),
  },
  'two-cards': {
    ...connected,
    state: agentState([
      reader({ tokens: [token({ pin: { state: 'low', triesLeft: 2 } })] }),
      reader({
        name: 'ACS ACR39U ICC Reader 01 00',
        tokens: [
          token({ key: 'stay-2', holder: 'Bertil Provsson', holderId: 'SE0000000000-2DEF', pin: { state: 'final' } }),
        ],
      }),
    ]),
  },
  'long-names': {
    ...connected,
    state: agentState([
      reader({
        tokens: [
          token({
            holder: 'Cecilia Maria Alexandra von Exempelstierna-Testbeteckningsson',
            organisation: 'Region Exempel, Akutmottagningen vid Exempelstads universitetssjukhus i samverkan',
            pinSso: true,
            sites: [`https://${'mycket-lang-underdomain.'.repeat(6)}region.example`, ...sites],
          }),
        ],
      }),
    ]),
  },
  owed: { ...connected, pulled: true, owed: sites, state: agentState([emptyReader]) },
  hostile: {
    ...connected,
    state: agentState([
      reader({ tokens: [token({ holder: '<img src=x onerror=alert(1)>', organisation: '\u202Enoitasinagro\u202C' })] }),
    ]),
  },
};
