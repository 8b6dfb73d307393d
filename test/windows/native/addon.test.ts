// The product's addon for Windows: everything that needs neither a card nor a stand-in for the system.
import { join } from 'node:path';
import { buildForWindows } from './fakes/fake-dll.ts';
import { defineSuite } from './windows-suite.ts';

defineSuite({
  title: 'The addon on Windows',
  files: [
    'own-identity.windows.ts',
    'pipe-server.windows.ts',
    'file-lock.windows.ts',
    'pipe.windows.ts',
    'secret-memory.windows.ts',
    'process-hardening.windows.ts',
    'file-access.windows.ts',
    'registry.windows.ts',
    'desktop.windows.ts',
    'system-proxy.windows.ts',
    'watch-life.windows.ts',
  ],
  tools: (directory) => buildForWindows('access-tool.c', join(directory, 'access-tool.exe')),
});
