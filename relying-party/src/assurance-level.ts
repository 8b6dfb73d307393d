// Assurance level (tillitsnivå) of a certificate: what its policies say and what its issuer is trusted for must be the
// same. Either alone can be wrong: a policy that an issuer had no business to write, an issuer that serves two levels.
import { TokenError } from './token-error.ts';

export type AssuranceLevel = 1 | 2 | 3 | 4;

/** Policy object identifier -> level. From the issuer's certificate policy; SITHS's are configuration, not code. */
export type AssuranceLevels = Readonly<Record<string, AssuranceLevel>>;

const OID = /^[0-2](?:\.(?:0|[1-9][0-9]{0,38})){1,32}$/;

export function isAssuranceLevel(value: unknown): value is AssuranceLevel {
  return value === 1 || value === 2 || value === 3 || value === 4;
}

/** Copies the table. @throws TypeError that names the entry that is wrong. */
export function readAssuranceLevels(levels: AssuranceLevels): ReadonlyMap<string, AssuranceLevel> {
  const table = new Map(Object.entries(levels));
  if (table.size === 0) throw new TypeError('assuranceLevels must name at least one policy.');
  for (const [oid, level] of table) {
    if (!OID.test(oid)) throw new TypeError(`assuranceLevels: ${oid} is not an object identifier.`);
    if (!isAssuranceLevel(level)) throw new TypeError(`assuranceLevels: the level of ${oid} must be 1, 2, 3 or 4.`);
  }
  return table;
}

/**
 * The level that policies and issuer agree on.
 * @throws TokenError ERR_ASSURANCE_LEVEL_UNKNOWN, ERR_ASSURANCE_LEVEL_CONFLICT, ERR_ASSURANCE_LEVEL_TOO_LOW
 */
export function decideAssuranceLevel(facts: {
  readonly policies: readonly string[];
  readonly issuerLevel: AssuranceLevel;
  readonly table: ReadonlyMap<string, AssuranceLevel>;
  readonly minimum: AssuranceLevel;
}): AssuranceLevel {
  const { policies, issuerLevel, table, minimum } = facts;
  const levels = policies.map((policy) => table.get(policy)).filter((level) => level !== undefined);
  if (levels.length === 0) throw new TokenError('ERR_ASSURANCE_LEVEL_UNKNOWN');
  if (levels.some((level) => level !== issuerLevel)) throw new TokenError('ERR_ASSURANCE_LEVEL_CONFLICT');
  if (issuerLevel < minimum) throw new TokenError('ERR_ASSURANCE_LEVEL_TOO_LOW');
  return issuerLevel;
}
