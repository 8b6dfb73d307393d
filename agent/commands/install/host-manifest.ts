// The native-messaging host manifest: how a browser learns which program speaks for Kortbro, and which extension may start it.
// https://developer.chrome.com/docs/extensions/develop/concepts/native-messaging
import { z } from 'zod';
import { extensionId, nativeHostName } from '../../../shared/names.ts';

/** The one origin that may start the host. */
export const extensionOrigin = `chrome-extension://${extensionId}/`;

/** The manifest's text for a host program at `path` (absolute). The same for every browser and for user and machine. */
export function hostManifest(path: string): string {
  const manifest = {
    name: nativeHostName,
    description: 'Kortbro: web pages use the smart card in the reader',
    path,
    type: 'stdio',
    allowed_origins: [extensionOrigin],
  };
  return `${JSON.stringify(manifest, null, 2)}\n`;
}

const manifestShape = z.object({
  name: z.string(),
  path: z.string(),
  type: z.string(),
  allowed_origins: z.array(z.string()),
});

/** What a browser reads from a manifest. It may hold more. */
export type HostManifest = z.infer<typeof manifestShape>;

/** Reads a manifest as a browser does; undefined when it is none. */
export function parseHostManifest(text: string): HostManifest | undefined {
  try {
    return manifestShape.parse(JSON.parse(text));
  } catch {
    return undefined;
  }
}
