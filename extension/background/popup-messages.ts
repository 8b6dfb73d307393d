// What popup and background say to each other.
import { type WireError } from '../../shared/errors.ts';
import { type AgentState } from '../../shared/messages.ts';
import { type Reach } from './agent-connection.ts';

/** The chrome.runtime port between popup and background. */
export const popupPortName = 'popup';

/** Everything the popup and the toolbar icon show. `state` is the agent's last word, while it is reached. */
export interface View {
  reach: Reach;
  state?: AgentState;
  pulled: boolean;
  /** The origins at which somebody is still being logged out. */
  owed?: string[];
}

/** What the popup can ask: the verbs whose caller is the holder. */
export type PopupVerb = 'status' | 'certificates' | 'forget-pin';

/** Background to popup. */
export type PopupMessage =
  { view: View } | { verb: PopupVerb; result: unknown } | { verb: PopupVerb; error: WireError };
