// The words of logging out: why it happens and what may be done at a site, in the order that policy gives.

/**
 * Why a holder's sessions end. `card-removed`: the reader is empty, or its card has gone mute; `card-exchanged`: another
 * card is in its place; the next three: reader, smart-card service or OS session stayed away longer than policy's grace;
 * `another-holder`: somebody else logs in while the holder's card cannot be seen; `unknown`: the agent has lost its record.
 */
export const logoutReasons = [
  'card-removed',
  'card-exchanged',
  'reader-gone',
  'service-gone',
  'session-gone',
  'another-holder',
  'unknown',
] as const;
export type LogoutReason = (typeof logoutReasons)[number];

/**
 * `event`: the site's pages are told and given a moment; `call`: the registered call, by the agent, and a fetch of policy's
 * logout address, by the browser; `clear`: cookies, storage and cache; `navigate`: tabs are discarded and shown another
 * page; `close`: tabs are closed; `lock`: the workstation is locked, by the agent.
 */
export const logoutActions = ['event', 'call', 'clear', 'navigate', 'close', 'lock'] as const;
export type LogoutAction = (typeof logoutActions)[number];
