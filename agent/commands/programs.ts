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

/** What starts the native host in the role of a command. On Windows it is in the same executable as this program. */
export function hostCommand({ node, nativeHost }: Programs, platform = process.platform): readonly string[] {
  return platform === 'win32' ? [nativeHost, '--command'] : [node, nativeHost, '--command'];
}

/** @param bundle the URL of dist/agent/kortbro.js, or on Windows of the bundle in kortbro.exe as if it stood beside that */
export function programsBeside(bundle: string, platform = process.platform): Programs {
  const beside = (path: string) => fileURLToPath(new URL(path, bundle));
  if (platform === 'win32') {
    const agent = beside('./kortbro-agent.exe');
    return {
      node: agent,
      nativeHost: beside('./kortbro.exe'),
      agent,
      moduleHost: agent,
      addon: beside('./kortbro.node'),
    };
  }
  return {
    node: process.execPath,
    nativeHost: beside('../native-host/main.js'),
    agent: beside('./main.js'),
    moduleHost: beside('./module-host.js'),
    addon: beside('./kortbro.node'),
  };
}
