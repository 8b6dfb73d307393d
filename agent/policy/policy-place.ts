// Which file is the policy, and who must own it. The machine's own, root's; a development build may be pointed at another.
import { developmentPolicyVariable, policyPath } from '../../shared/names.ts';

/** `owner`: the user who must own the file; undefined for a development policy. */
export function policyPlace(environment: Readonly<Record<string, string | undefined>>): {
  path: string;
  owner?: number;
} {
  const development = typeof __DEVELOPMENT__ === 'undefined' || __DEVELOPMENT__;
  const other = development ? environment[developmentPolicyVariable] : undefined;
  return other === undefined ? { path: policyPath, owner: 0 } : { path: other };
}
