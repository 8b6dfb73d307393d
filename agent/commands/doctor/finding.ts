// What doctor says about one thing: how it is, and unless it is well, what to do.
import { type Text } from '../text.ts';

/** Every check, in the order of the report, with its title. The names are stable: scripts look for them. */
export const checkTitles = {
  installation: { sv: 'Installation', en: 'Installation' },
  node: { sv: 'Node.js', en: 'Node.js' },
  user: { sv: 'Användare', en: 'User' },
  agent: { sv: 'Agent', en: 'Agent' },
  'runtime-directory': { sv: 'Körkatalog', en: 'Runtime directory' },
  policy: { sv: 'Policy', en: 'Policy' },
  drivers: { sv: 'Drivrutin', en: 'Card driver' },
  'card-service': { sv: 'Korttjänst', en: 'Card service' },
  readers: { sv: 'Kortläsare', en: 'Readers' },
  card: { sv: 'Kort', en: 'Card' },
  'pin-dialog': { sv: 'PIN-ruta', en: 'PIN dialog' },
  browsers: { sv: 'Webbläsare', en: 'Browsers' },
  'native-host': { sv: 'Anslutning', en: 'Connection' },
  'browser-policy': { sv: 'Webbläsarpolicy', en: 'Browser policy' },
  extension: { sv: 'Tillägg', en: 'Extension' },
  autostart: { sv: 'Autostart', en: 'Autostart' },
  session: { sv: 'Session', en: 'Session' },
  'other-software': { sv: 'Andra program', en: 'Other software' },
} as const satisfies Record<string, Text>;

export type CheckName = keyof typeof checkTitles;

export type Finding =
  | { check: CheckName; state: 'ok'; detail: Text }
  | { check: CheckName; state: 'warning' | 'problem'; detail: Text; whatToDo: Text; repair?: Repair };

/** What doctor can do about it by itself, after asking: take a key away from HKEY_CURRENT_USER, in one view of it. */
export interface Repair {
  view: 32 | 64;
  key: string;
}

/** Well as it is. */
export function ok(check: CheckName, sv: string, en: string): Finding {
  return { check, state: 'ok', detail: { sv, en } };
}

/** May be meant, or costs something; Kortbro works in the main. */
export function warning(check: CheckName, detail: Text, whatToDo: Text): Finding {
  return { check, state: 'warning', detail, whatToDo };
}

/** Kortbro does not work because of it. */
export function problem(check: CheckName, detail: Text, whatToDo: Text): Finding {
  return { check, state: 'problem', detail, whatToDo };
}
