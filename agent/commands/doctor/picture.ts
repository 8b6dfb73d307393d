// Everything that doctor looks at, gathered once. The checks read this and nothing else, so that each can be tested by a table.
import { type ErrorCode } from '../../../shared/errors.ts';
import { type AgentState } from '../../../shared/messages.ts';
import { type ReaderPicture } from '../../native/reader-picture.ts';
import { type PolicyOutcome } from '../../policy/policy-file.ts';
import { type ModuleProblem } from '../../tokens/module-path.ts';
import { type Browser } from '../browsers.ts';
import { type DriverStops } from './driver-stops.ts';

export interface Picture {
  environment: Readonly<Record<string, string | undefined>>;
  nodeVersion: string;
  /** Files of this installation that are missing. */
  missingParts: readonly string[];
  agent: AgentSight;
  policy: { path: string; outcome: PolicyOutcome };
  drivers: DriverSight;
  cardService: CardServiceSight;
  pinProgram: { configured: string | undefined; found: string | undefined };
  browsers: readonly BrowserSight[];
  /** Autostart entries, the user's own first: it hides the machine's. */
  autostart: readonly AutostartSight[];
  sessionWatch: 'available' | 'no-libsystemd' | 'no-session' | 'unknown';
  runtimeDirectories: readonly DirectorySight[];
  /** Names of other card programs that are installed or running. */
  otherSoftware: readonly string[];
}

export interface AgentSight {
  /** Whether it ran before doctor asked, which starts it. */
  ranBefore: boolean;
  answer: { ok: true; state: AgentState } | { ok: false; code: ErrorCode };
}

export interface DriverSight {
  /** Whether policy names the drivers; else the built-in list is searched. */
  fromPolicy: boolean;
  /** Paths that policy names, or those of the built-in list that exist. */
  modules: readonly { path: string; problem?: ModuleProblem }[];
  simulators: readonly string[];
  /** Those that have ended by themselves since the agent started. */
  stops: readonly DriverStops[];
}

export interface CardServiceSight {
  /** Whether pcscd is installed. */
  installed: boolean;
  socket: { path: string; exists: boolean };
  /** The first picture of the readers; undefined when none came in time. */
  readers: ReaderPicture | undefined;
}

export interface BrowserSight {
  browser: Browser;
  installed: boolean;
  /** Whether this user has used it. */
  used: boolean;
  sandboxed: boolean;
  userManifest: ManifestSight | undefined;
  systemManifest: ManifestSight | undefined;
  /** Managed policy files in the order of their names; no text when one cannot be read. */
  policies: readonly { path: string; text: string | undefined }[];
  /** The extension in this user's profiles; `unknown` when there is no profile yet. */
  extension: 'installed' | 'disabled' | 'absent' | 'unknown';
}

export interface ManifestSight {
  path: string;
  /** Undefined when it cannot be read. */
  text: string | undefined;
  /** The program that it names; undefined when it names none. */
  program: 'executable' | 'not-executable' | 'missing' | undefined;
  /** What a launcher of ours needs and does not find. */
  missingTargets: readonly string[];
}

export interface AutostartSight {
  path: string;
  enabled: boolean;
  missingTargets: readonly string[];
}

export interface DirectorySight {
  path: string;
  state: 'private' | 'missing' | 'not-a-directory' | 'of-another-user' | 'open-to-others';
}
