// From a policy's token source to the code that drives it, of which only that much is loaded. The simulator exists in development
// builds alone.
import { type BackendOpener } from './module-host-service.ts';
import { TokenError } from './token.ts';

export const openBackend: BackendOpener = async (source, onReaders) => {
  if (source.type === 'pkcs11') {
    const { openPkcs11Backend } = await import('./pkcs11/open-pkcs11.ts');
    return openPkcs11Backend(source.module);
  }
  if (source.type === 'cng') {
    const { openCngBackend } = await import('./cng/cng-backend.ts');
    return openCngBackend();
  }
  // Under tsx nothing defines the constant; a bundler makes it true or false, and the import below goes with it.
  if (typeof __DEVELOPMENT__ === 'undefined' || __DEVELOPMENT__) {
    const { openSimulatorBackend } = await import('./simulator/simulator-backend.ts');
    return openSimulatorBackend(source.directory, onReaders);
  }
  throw new TokenError('ERR_POLICY_INVALID', { native: 'the simulator is left out of this build' });
};
