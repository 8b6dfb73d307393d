// Every check in the order of the way from the card to the page. Pure.
import { checkAgent, checkRuntimeDirectory } from './checks/agent.ts';
import { checkBrowserPolicies, checkExtensions } from './checks/browser-policy.ts';
import { checkCardService } from './checks/card-service.ts';
import { checkDrivers } from './checks/drivers.ts';
import { checkInstallation, checkNode, checkUser } from './checks/installation.ts';
import { checkBrowsers, checkNativeHosts } from './checks/native-host.ts';
import { checkPinDialog } from './checks/pin-dialog.ts';
import { checkPolicy } from './checks/policy.ts';
import { checkCards, checkReaders } from './checks/readers.ts';
import { checkAutostart, checkOtherSoftware, checkSession } from './checks/session.ts';
import { type Finding } from './finding.ts';
import { type Picture } from './picture.ts';

const checks: readonly ((picture: Picture) => Finding[])[] = [
  checkInstallation,
  checkNode,
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
export function diagnose(picture: Picture): Finding[] {
  return checks.flatMap((check) => check(picture));
}
