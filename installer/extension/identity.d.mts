// The types of identity.mjs, which is plain JavaScript because the bundler loads it.
export interface ExtensionIdentity {
  key: string;
  id: string;
}
type Environment = Readonly<Record<string, string | undefined>>;
export const keyVariable: string;
export function givenIdentity(environment?: Environment): ExtensionIdentity | undefined;
export function identityOf(pem: string | Uint8Array): ExtensionIdentity;
export function identityDefinitions(environment?: Environment): Record<string, string>;
