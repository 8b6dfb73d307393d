// Who has started this process, by the argument that Chromium gives (or the command line of Kortbro).
import { extensionId } from '../shared/names.ts';
import { type PeerRole } from '../shared/proof.ts';

/**
 * The role in which to speak to the agent, or undefined for a caller that has no business here.
 * Chromium passes the calling extension's origin as first argument and may pass more after it.
 */
export function roleOfCaller(argument: string | undefined): PeerRole | undefined {
  if (argument === `chrome-extension://${extensionId}/`) return 'native-host';
  return argument === '--command' ? 'command' : undefined;
}
