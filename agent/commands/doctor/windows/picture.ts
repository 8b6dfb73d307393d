// Everything that doctor looks at on Windows, gathered once. What is the same on Linux is ../picture.ts's.
import { type ReaderPicture } from '../../../native/reader-picture.ts';
import { type PolicyOutcome } from '../../../policy/policy-file.ts';
import { type FileProblem } from '../../../tokens/file-problem.ts';
import { type RegistryPlace, type WindowsBrowser } from '../../windows-browsers.ts';
import { type ManagedPolicy } from '../managed-policy.ts';
import {
  type AgentSight,
  type BrowserSight,
  type DirectorySight,
  type DriverSight,
  type ManifestSight,
} from '../picture.ts';

export interface WindowsPicture {
  environment: Readonly<Record<string, string | undefined>>;
  /** This process's user (SID) and session; undefined when the addon is missing. */
  identity: { user: string; session: number } | undefined;
  installation: InstallationSight;
  agent: AgentSight;
  /** `file`: what the installation names, or what stands beside the programs. */
  policy: { outcome: PolicyOutcome; file: string | undefined };
  drivers: DriverSight;
  cng: CngSight;
  cardService: CardServiceSight;
  pinProgram: { path: string; configured: boolean; problem: FileProblem | undefined };
  browsers: readonly WindowsBrowserSight[];
  autostart: AutostartSight | undefined;
  runtimeDirectories: readonly DirectorySight[];
  otherSoftware: readonly string[];
}

export interface InstallationSight {
  /** Where this program stands. */
  folder: string;
  /** Files of the installation that are not there. */
  missing: readonly string[];
  /** What the MSI has written down in HKLM\SOFTWARE\Kortbro; undefined when it has not. */
  version: string | undefined;
}

export interface CngSight {
  /** Whether policy, or the default, has cards driven through CNG. */
  used: boolean;
  /** Whether Windows' smart-card key storage provider opens. */
  provider: 'there' | 'missing';
  /** Names of the cards that a minidriver of a vendor's is registered for. */
  minidrivers: readonly string[];
}

export interface CardServiceSight {
  /** Start type of the service SCardSvr: 2 automatic, 3 when it is needed, 4 disabled; undefined when there is no such service. */
  start: number | undefined;
  /** The first picture of the readers; undefined when none came in time. */
  readers: ReaderPicture | undefined;
}

export interface WindowsBrowserSight {
  browser: WindowsBrowser;
  installed: boolean;
  /** Whether this user has used it. */
  used: boolean;
  /** Kortbro's entries in the browser's own order. */
  hosts: readonly HostSight[];
  /** Machine's and user's policies in one; `unreadable`: keys that are there and could not be read. */
  policies: { policy: ManagedPolicy; unreadable: readonly string[] };
  extension: BrowserSight['extension'];
}

export interface HostSight {
  place: RegistryPlace;
  /** Whether it names the manifest of this installation. */
  ours: boolean;
  /** Whether the manifest is there at all. */
  exists: boolean;
  manifest: ManifestSight;
}

export interface AutostartSight {
  /** The program that the Run key starts. */
  program: string;
  exists: boolean;
  /** Whether it is switched off (Task Manager, Settings). */
  enabled: boolean;
}
