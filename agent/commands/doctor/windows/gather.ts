// Looks at this Windows, once, and changes nothing (but that asking the agent starts it, as the browser would). Each look that fails says
// so in the picture; none ends the others, and all are bounded in time.
import { readFileSync } from 'node:fs';
import { dirname, win32 } from 'node:path';
import { parseEndpoint, windowsSessionsDirectory } from '../../../../shared/endpoint.ts';
import { administrators } from '../../../../shared/windows-administrators.ts';
import { endpointFileName } from '../../../../shared/names.ts';
import { defaultPolicy, type TokenSource } from '../../../../shared/policy.ts';
import { cngProperty, smartCardProvider, systemCng } from '../../../native/cng.ts';
import { fileAccess } from '../../../native/file-access.ts';
import { ownIdentity } from '../../../native/own-identity.ts';
import { readRegistry } from '../../../native/registry.ts';
import { type PolicyOutcome } from '../../../policy/policy-file.ts';
import { installationKey, loadMachinePolicy, namedPolicyFile } from '../../../policy/windows-places.ts';
import { fileProblem } from '../../../tokens/trusted-file.ts';
import { type AskOptions } from '../../ask-agent.ts';
import { firstReaderPicture, gatherAgent } from '../gather-agent.ts';
import { gatherDrivers } from '../gather-drivers.ts';
import { type DirectorySight } from '../picture.ts';
import { gatherWindowsBrowsers } from './gather-browsers.ts';
import {
  cardServiceStart,
  gatherAutostart,
  gatherInstallation,
  gatherMinidrivers,
  gatherOtherSoftware,
  quietly,
} from './gather-installation.ts';
import { type CngSight, type WindowsPicture } from './picture.ts';
import { type ReadKey } from './registry-values.ts';

export async function gatherWindows(
  environment: Readonly<Record<string, string | undefined>>,
  ask: AskOptions,
): Promise<WindowsPicture> {
  const folder = dirname(process.execPath);
  const readKey: ReadKey = quietly(readRegistry);
  const identity = orElse<WindowsPicture['identity']>(ownIdentity, undefined);
  const directories = sessionDirectories(environment, identity?.session);
  const outcome = policyOutcome();
  const { tokens, pin } = outcome.ok ? outcome.policy : defaultPolicy;
  const auditLog = win32.join(environment['LOCALAPPDATA'] ?? '', 'Kortbro', 'audit.jsonl');
  const [agent, readers, cng] = await Promise.all([
    // Without the addon the session is not known: what answers counts as running.
    gatherAgent(ask, identity === undefined || agentRuns(directories.at(-1) ?? '')),
    firstReaderPicture(),
    gatherCng(tokens, readKey),
  ]);
  const pinPath = pin.program ?? win32.join(folder, 'kortbro-pin.exe');
  return {
    environment,
    identity,
    installation: gatherInstallation(folder, readKey),
    agent,
    policy: { outcome, file: namedPolicyFile((key) => readKey('HKLM', key, 64)) },
    drivers: orElse(() => gatherDrivers(tokens, auditLog), {
      fromPolicy: false,
      modules: [],
      simulators: [],
      stops: [],
    }),
    cng,
    cardService: { start: cardServiceStart(readKey), readers },
    pinProgram: {
      path: pinPath,
      configured: pin.program !== undefined,
      problem: orElse(() => fileProblem(pinPath, 'administrators'), undefined),
    },
    browsers: gatherWindowsBrowsers(environment, folder, readRegistry),
    autostart: gatherAutostart(readKey),
    // Looked at last: the agent makes them when it starts.
    runtimeDirectories: directories.map((directory) => directorySight(directory, identity?.user ?? '')),
    otherSoftware: gatherOtherSoftware(environment, readKey),
  };
}

/** Most of it looks through the addon: where that is missing, nothing but the installation is judged (diagnose.ts). */
function orElse<T>(look: () => T, otherwise: T): T {
  try {
    return look();
  } catch {
    return otherwise;
  }
}

function policyOutcome(): PolicyOutcome {
  try {
    return loadMachinePolicy((key) => readRegistry('HKLM', key));
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : '';
    return { ok: false, path: `HKEY_LOCAL_MACHINE\\${installationKey}`, line: 1, reason: `cannot be read (${code})` };
  }
}

/** Outermost first; the last one is this session's own. */
function sessionDirectories(environment: WindowsPicture['environment'], session: number | undefined): string[] {
  return orElse(() => {
    const sessions = windowsSessionsDirectory(environment);
    return [win32.dirname(sessions), sessions, win32.join(sessions, String(session))];
  }, []);
}

/** Whether the process that wrote the endpoint file is alive. */
function agentRuns(directory: string): boolean {
  return orElse(() => {
    const { processId } = parseEndpoint(readFileSync(win32.join(directory, endpointFileName), 'utf8'));
    return process.kill(processId, 0);
  }, false);
}

/** Asks the provider what it is; touches no card. */
async function gatherCng(tokens: readonly TokenSource[], readKey: ReadKey): Promise<CngSight> {
  const used = tokens.length === 0 || tokens.some(({ type }) => type === 'cng');
  const minidrivers = gatherMinidrivers(readKey);
  try {
    if (used) await systemCng.providerProperty(smartCardProvider, '', cngProperty.implementation);
    return { used, provider: 'there', minidrivers };
  } catch {
    return { used, provider: 'missing', minidrivers };
  }
}

function directorySight(path: string, user: string): DirectorySight {
  try {
    const { owner, writers } = fileAccess(path);
    const isOurs = (sid: string) => sid === user || administrators.includes(sid);
    if (!isOurs(owner)) return { path, state: 'of-another-user' };
    return { path, state: writers.every(isOurs) ? 'private' : 'open-to-others' };
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : '';
    return { path, state: code === 'ENOENT' ? 'missing' : 'not-a-directory' };
  }
}
