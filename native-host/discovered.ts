// What a look for the agent's endpoint comes to.
import { type Endpoint } from '../shared/endpoint.ts';
import { type KortbroError } from '../shared/errors.ts';

/** `absent` and `outdated` are mended by a new agent; `unsafe` must not be used or mended. */
export type Discovery =
  { kind: 'endpoint'; endpoint: Endpoint } | { kind: 'absent' | 'outdated' | 'unsafe'; error: KortbroError };
