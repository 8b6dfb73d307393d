// From the path of a PKCS#11 module to its tokens: only a module that nobody but those who are trusted can have put there is loaded.
import { type OpenBackend } from '../module-host-service.ts';
import { moduleProblem } from '../module-path.ts';
import { TokenError } from '../token.ts';
import { Cryptoki } from './cryptoki.ts';
import { openscConfigurationProblem } from './opensc-configuration.ts';
import { Pkcs11Backend } from './pkcs11-backend.ts';

/** Loads a module. @throws TokenError ERR_AGENT_DRIVER_MISSING when it is not there, not to be trusted, or no module */
export async function openPkcs11Backend(path: string): Promise<OpenBackend> {
  const problem = moduleProblem(path);
  if (problem !== undefined) {
    throw new TokenError('ERR_AGENT_DRIVER_MISSING', { native: `${problem.reason}: ${problem.at}`.slice(0, 200) });
  }
  const configuration = openscConfigurationProblem(process.env['OPENSC_CONF']);
  if (configuration !== undefined) throw new TokenError('ERR_AGENT_DRIVER_MISSING', { native: configuration });
  const backend = new Pkcs11Backend(new Cryptoki(path));
  return Promise.resolve({ backend, forgetPins: () => backend.forgetPins() });
}
