// The bounds that the scripts in every page need, and no others: each byte there is paid by every page. Part of limits.ts.

export const pageLimits = {
  /** A page's own message: a nonce and a few words. Web eID's bound. */
  pageMessage: 8_192,
  /** A page's request to sign: a hundred names of documents. */
  pageSignMessage: 65_536,
  /** Characters of an address for logging out, and seconds of a presence lease. */
  logoutUrlLength: 2_000,
  leaseMinimum: 10,
  leaseMaximum: 3_600,
  /** Documents in one request to sign, the bytes of each (a scanned PDF) and of all that the agent holds for one origin. */
  documents: 100,
  documentSize: 52_428_800,
  documentsTogether: 104_857_600,
  /** One piece on its way (512 KiB fit into a message in base64), and how many may be on their way at a time. */
  documentPiece: 524_288,
  documentWindow: 4,
} as const;
