// Where the other programs of this installation stand: beside the bundle of this one.
import { fileURLToPath } from 'node:url';

/** Absolute paths. */
export interface Programs {
  node: string;
  nativeHost: string;
  agent: string;
  moduleHost: string;
  addon: string;
}

/** @param bundle the URL of dist/agent/kortbro.js */
export function programsBeside(bundle: string): Programs {
  const beside = (path: string) => fileURLToPath(new URL(path, bundle));
  return {
    node: process.execPath,
    nativeHost: beside('../native-host/main.js'),
    agent: beside('./main.js'),
    moduleHost: beside('./module-host.js'),
    addon: beside('./kortbro.node'),
  };
}
