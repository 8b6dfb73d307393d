// Card drivers: those that policy names, or those of the built-in list that are there, and what keeps one from being used.
import { existsSync } from 'node:fs';
import { type defaultPolicy } from '../../../shared/policy.ts';
import { findModules, knownModules, moduleProblem } from '../../tokens/module-path.ts';
import { driverStops } from './driver-stops.ts';
import { lastText } from './files.ts';
import { type DriverSight } from './picture.ts';

/** @param auditLog the path of the audit log, where a driver's stops are written */
export function gatherDrivers(tokens: typeof defaultPolicy.tokens, auditLog: string): DriverSight {
  const fromPolicy = tokens.length > 0;
  const named = tokens.flatMap((source) => (source.type === 'pkcs11' ? [source.module] : []));
  const paths = fromPolicy ? named : builtInModules();
  return {
    fromPolicy,
    modules: paths.map((path) => {
      const problem = moduleProblem(path);
      return problem === undefined ? { path } : { path, problem };
    }),
    simulators: tokens.flatMap((source) => (source.type === 'simulator' ? [source.directory] : [])),
    stops: driverStops(lastText(auditLog)),
  };
}

/** Of the built-in list: what the agent loads, and what is installed and may not be loaded. */
function builtInModules(): string[] {
  const loaded = findModules();
  return knownModules.filter(
    (path) => loaded.includes(path) || (existsSync(path) && moduleProblem(path) !== undefined),
  );
}
