// What Wine lacks of sessions and of PC/SC, with stand-ins for the system's DLLs: the same sources as the product, built to take them.
import { join } from 'node:path';
import { buildForWindows } from './fakes/fake-dll.ts';
import { defineSuite } from './windows-suite.ts';

defineSuite({
  title: 'The addon on a Windows of our own making',
  files: ['session.windows.ts', 'winscard.windows.ts', 'pkcs11-login.windows.ts'],
  fakes: (directory) => {
    buildForWindows('wtsapi32.c', join(directory, 'wtsapi32.dll'));
    buildForWindows('winscard.c', join(directory, 'winscard.dll'));
    buildForWindows('pkcs11.c', join(directory, 'läsare pkcs11.dll'));
  },
});
