// From a policy's token source to the code that drives it. The simulator exists in development builds alone.
import { type BackendOpener } from './module-host-service.ts';
import { openPkcs11Backend } from './pkcs11/pkcs11-backend.ts';
import { openSimulatorBackend } from './simulator/simulator-backend.ts';
import { TokenError } from './token.ts';

// Under tsx nothing defines the constant; a bundler makes it true or false and leaves the simulator out.
const development = typeof __DEVELOPMENT__ === 'undefined' || __DEVELOPMENT__;

export const openBackend: BackendOpener = async (source, onReaders) => {
  if (source.type === 'pkcs11') return openPkcs11Backend(source.module);
  if (development) return openSimulatorBackend(source.directory, onReaders);
  throw new TokenError('ERR_POLICY_INVALID', { native: 'the simulator is left out of this build' });
};
