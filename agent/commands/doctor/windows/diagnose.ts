// Every check on Windows in the order of the way from the card to the page. Pure.
import { checkCards } from '../checks/readers.ts';
import { checkOtherSoftware } from '../checks/session.ts';
import { type Finding } from '../finding.ts';
import { checkAgent, checkRuntimeDirectory } from './checks/agent.ts';
import { checkCardService, checkReaders } from './checks/card-service.ts';
import { checkDrivers } from './checks/drivers.ts';
import { checkInstallation, checkUser } from './checks/installation.ts';
import { checkBrowserPolicies, checkBrowsers, checkExtensions, checkNativeHosts } from './checks/native-host.ts';
import { checkPinDialog } from './checks/pin-dialog.ts';
import { checkPolicy } from './checks/policy.ts';
import { checkAutostart, checkSession } from './checks/session.ts';
import { type WindowsPicture } from './picture.ts';

type Check = (picture: WindowsPicture) => Finding[];

/** All that can be judged without the addon, through which doctor looks at the rest. */
const withoutAddon: readonly Check[] = [checkInstallation, checkAgent];

const checks: readonly Check[] = [
  checkInstallation,
  checkUser,
  checkAgent,
  checkRuntimeDirectory,
  checkPolicy,
  checkDrivers,
  checkCardService,
  checkReaders,
  checkCards,
  checkPinDialog,
  checkBrowsers,
  checkNativeHosts,
  checkBrowserPolicies,
  checkExtensions,
  checkAutostart,
  checkSession,
  checkOtherSoftware,
];

/** Everything that there is to say about `picture`. */
export function diagnoseWindows(picture: WindowsPicture): Finding[] {
  return (picture.identity === undefined ? withoutAddon : checks).flatMap((check) => check(picture));
}
