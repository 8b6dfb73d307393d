// The names by which the parts find each other. Changing one breaks what is installed.

/** Native-messaging host name (Chromium: lower case letters, digits, dots). */
export const nativeHostName = 'se.kortbro.host';

/** The product's version; package.json and the extension's manifest carry the same (test/house). */
export const productVersion = '0.1.0';

/** The protocol that extension, native host and agent speak. Parts with different numbers refuse each other. */
export const protocolVersion = 1;

/** The public half of the key that fixes the extension's id (the private half is not needed to run it). */
export const extensionKey =
  'MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEA18d2SwdBC7Dc77DYP4ahF67eOz5rMaN0k9aHSnvrMf4V+Y87Ex1TlFAPa+RTkoDoYn+Igx0XytQl6az7KALX4mZrnYAxptMo4MOVdMPeEuCmI1nhrokHyix6p78C2XYAy4I+AW9S4MvFnjPnWEQSkYJ0pN9tT7CKCEj4d1zVXTlwiZ5vbprj0apHDH3Zz6jNq16AeY5hIIdTkDZQ6yNhDFx6/9+uNGxwwPhWTAoiBMH00oeGl14aS9vFkZ4unJS3UfSj3XmdCwyu5DSqc/S1yruledJ4qzg7MjUD0GnfPiNz8kltmHs2mqYYr19y0cvr4vdLtbt2/2YNBSaryTT6uwIDAQAB';

/** In a bundle: the id of an organisation's own build of the extension (installer/extension/identity.mjs), or undefined. */
declare const __EXTENSION_ID__: string | undefined;

/** The extension's id: SHA-256 of the key's DER, first 32 hex digits mapped 0-f to a-p. */
export const extensionId =
  typeof __EXTENSION_ID__ === 'undefined' ? 'enkfobeibilnjcamendfcdpkdeoammnj' : __EXTENSION_ID__;

/** Where machine policy lives on Linux. Never user-writable. */
export const policyPath = '/etc/kortbro/policy.json';

/** Directory below $XDG_RUNTIME_DIR (or the temporary folder's own one) that holds an endpoint per OS session. */
export const runtimeDirectoryName = 'kortbro';

/** File in the endpoint directory that names the socket and the secret of the running agent. */
export const endpointFileName = 'endpoint.json';

/** Environment variable that names a policy file; read by development builds only. */
export const developmentPolicyVariable = 'KORTBRO_DEVELOPMENT_POLICY';
