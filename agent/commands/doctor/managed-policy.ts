// What a browser's managed policy says about native hosts and extensions: only what can keep Kortbro from working. Pure.
// Files of one directory are merged, the last name in alphabetical order wins (Chromium's ConfigDirPolicyLoader). Chromium
// reads them with comments and trailing commas allowed, and passes over a file that does not parse.
import { parse, type ParseError } from 'jsonc-parser';
import { z } from 'zod';
import { extensionId, nativeHostName } from '../../../shared/names.ts';
import { type BrowserSight } from './picture.ts';

const names = z.array(z.string()).catch([]);
const installationMode = z.string().optional().catch(undefined);
const extensionSetting = z
  .object({ installation_mode: installationMode, blocked_permissions: z.array(z.string()).optional().catch(undefined) })
  .catch({});

/** A value of the wrong type counts as not set, as it does in the browser. */
const policyShape = z.object({
  NativeMessagingBlocklist: names.default([]),
  NativeMessagingAllowlist: names.default([]),
  NativeMessagingUserLevelHosts: z.boolean().default(true).catch(true),
  ExtensionInstallBlocklist: names.default([]),
  ExtensionInstallAllowlist: names.default([]),
  ExtensionInstallForcelist: names.default([]),
  ExtensionSettings: z.record(z.string(), extensionSetting).default({}).catch({}),
});

export type ManagedPolicy = z.infer<typeof policyShape>;

/** Merges the files of one browser; `unreadable` names those that the browser passes over. */
export function managedPolicy(files: BrowserSight['policies']): { policy: ManagedPolicy; unreadable: string[] } {
  const merged: Record<string, unknown> = {};
  const unreadable: string[] = [];
  for (const { path, text } of files) {
    const values = text === undefined ? undefined : parseObject(text);
    if (values === undefined) unreadable.push(path);
    else Object.assign(merged, values);
  }
  return { policy: policyOf(merged), unreadable };
}

/** Values by the names of the policies. */
export function policyOf(values: Readonly<Record<string, unknown>>): ManagedPolicy {
  return policyShape.parse(values);
}

/** Whether the browser may start Kortbro's native host. */
export function isHostBlocked(policy: ManagedPolicy): boolean {
  const { NativeMessagingBlocklist: blocked, NativeMessagingAllowlist: allowed } = policy;
  return (blocked.includes('*') || blocked.includes(nativeHostName)) && !allowed.includes(nativeHostName);
}

/** The policy that keeps Kortbro's extension out, or takes its right to speak to the native host; undefined when none does. */
export function extensionObstacle(policy: ManagedPolicy): string | undefined {
  const own = policy.ExtensionSettings[extensionId];
  const others = policy.ExtensionSettings['*'];
  const mode = own?.installation_mode ?? (own === undefined ? others?.installation_mode : undefined);
  if (mode === 'blocked' || mode === 'removed') return 'ExtensionSettings (installation_mode)';
  const permissions = own?.blocked_permissions ?? others?.blocked_permissions ?? [];
  if (permissions.includes('nativeMessaging')) return 'ExtensionSettings (blocked_permissions)';
  if (mode !== undefined) return undefined;
  const {
    ExtensionInstallBlocklist: blocked,
    ExtensionInstallAllowlist: allowed,
    ExtensionInstallForcelist: forced,
  } = policy;
  if (!blocked.includes('*') && !blocked.includes(extensionId)) return undefined;
  const isLetIn = allowed.includes(extensionId) || forced.some((entry) => entry.split(';', 1)[0] === extensionId);
  return isLetIn ? undefined : 'ExtensionInstallBlocklist';
}

function parseObject(text: string): object | undefined {
  const errors: ParseError[] = [];
  const value: unknown = parse(text, errors, { allowTrailingComma: true });
  return errors.length === 0 && typeof value === 'object' && value !== null && !Array.isArray(value)
    ? value
    : undefined;
}
