// Every bound of the product in one table, each with its reason. Sizes in bytes, times in milliseconds.
import { pageLimits } from './page-limits.ts';

export const limits = {
  ...pageLimits,
  /** Chromium closes the port above 1 MB towards the browser; a login answer is under 10 KB. */
  messageToBrowser: 900_000,
  /** A piece of a document in base64, and a little; nothing else passes 64 KiB. */
  messageToHost: 720_000,
  /** Levels of JSON nesting; our messages use four. */
  jsonDepth: 8,
  /** Characters of an origin (Web eID's bound; the longest DNS name is 253). */
  originLength: 255,
  /** Characters of a request id. */
  idLength: 64,
  /** Requests that one connection (browser profile) may have open. */
  openRequestsPerConnection: 64,
  /** Requests that one document may have open: a page that asks more is broken or hostile. */
  openRequestsPerDocument: 8,
  /** Requests that one connection may start a second, averaged; a burst of `requestBurst` passes. */
  requestsPerSecond: 100,
  requestBurst: 200,
  /** Requests that one origin, and all pages of a browser profile together, may start a second, and in a burst. Each may be
   *  followed by its cancel: twice the profile's stay below the connection's. */
  originRate: { perSecond: 10, burst: 40 },
  profileRate: { perSecond: 40, burst: 80 },
  /** Connections to the agent: browser profiles, plus a few commands. */
  connections: 32,
  /** Logins that may wait behind the open dialog; more get ERR_AGENT_BUSY. */
  waitingForDialog: 8,
  /** Cancelled dialogs in a row that mute an origin, and for how long. */
  cancelsBeforeMute: 3,
  muteTime: 180_000,
  /** The proof must be done within this time; a slow or silent peer is dropped. */
  proofTime: 2_000,
  /** A frame that has begun must be complete within this time. */
  frameTime: 5_000,
  /** How long the native host waits for an agent that it has started. */
  agentStartTime: 5_000,
  /** First and longest pause of the native host between attempts to reach the agent. */
  reconnectPause: 100,
  reconnectPauseCap: 5_000,
  /** Pause between pings of an agent that somebody waits for, and how many unanswered ones mean that it hangs: 4.5 s at most. */
  pulse: 1_500,
  pulsesMissed: 2,
  /** Longest time that an answer may take: three dialogs of the longest time that policy allows. */
  longestAnswer: 1_800_000,
  /** How long a request that comes right after the agent's start waits for the first look at the readers. */
  firstPictureTime: 2_000,
  /** A mute card may be a contact glitch: it is given this long before it counts as removed. */
  muteCardGrace: 1_000,
  /** A card in place of an earlier one must be identified within this time, or three times the time that the last card took. */
  identifyTime: 2_000,
  /** Logins that the agent remembers until they are logged out, over every profile; the oldest is logged out first. */
  visits: 500,
  /** Sessions that one site may register in one browser profile; the oldest is logged out beyond it. */
  registrationsPerVisit: 16,
  /** How long a page may hold up its own logout to save what was being written, and what a page that does not answer gets. */
  pageFarewell: 500,
  pageSilence: 150,
  /** How long the agent waits for the browser to have told its pages before it calls the site itself. */
  farewellWait: 600,
  /** One call of the agent to a site, first and longest pause between attempts, and when it is given up. */
  callTime: 5_000,
  callPause: 500,
  callPauseCap: 60_000,
  callPatience: 86_400_000,
  /** Bytes that are read of a site's answer to a call. */
  callAnswer: 4_096,
  /** What a browser that is not seen again still owes is forgotten after 30 days: session cookies do not live longer. */
  owedTime: 2_592_000_000,
  /** How long a login waits for the browser to clear what an earlier holder left at the site. */
  clearingWait: 5_000,
  /** A guarded site is let go after this time even when its server cannot be called: the browser is clean by then. */
  guardPatience: 60_000,
  /** Certificates read from one token, and the size of one. SITHS cards hold two to six, about 2 KB each. */
  certificatesPerToken: 16,
  certificateSize: 8_192,
  /** Characters of PIN that are passed on: SITHS 6 to 8, other cards 4 to 12. */
  pinMinimum: 4,
  pinMaximum: 12,
  /** A signature container beyond its document: an enveloping one in base64, and what a long-term level adds. */
  signatureSize: 83_886_080,
  /** Pieces, answers and reads that one connection may send a second, averaged and in a burst. */
  signingRate: { perSecond: 400, burst: 800 },
  /** Characters of a document's name, and of the address by which a detached signature names it. */
  documentNameLength: 200,
  signatureUriLength: 2_000,
  /** How long the next piece may take, the holder may read, and signatures wait to be fetched. */
  pieceTime: 30_000,
  readingTime: 1_800_000,
  fetchTime: 60_000,
  /** How long a consent may wait for other dialogs before it is no longer one. */
  consentTime: 300_000,
  /** One call to a time-stamping authority or for revocation, and the bytes of its answer; all such calls for one document; and how
   *  long a batch does without a source that failed. */
  authorityTime: 10_000,
  authorityAnswer: 4_194_304,
  authoritiesTime: 30_000,
  authorityRest: 60_000,
  /** How long a request's documents are looked at before the holder is asked, while nobody else's window opens; and from when on it
   *  counts against its site when nothing was shown after it. */
  rehearsalTime: 10_000,
  rehearsalHold: 1_000,
  /** An XML document that is parsed to be signed: its bytes, levels, markup altogether, attributes of one element, and of one with
   *  all that it stands in. A journal export has some ten thousand elements; what grows faster than its length (sorting attributes,
   *  looking for a namespace through all that are in scope) stays small. */
  xmlSize: 33_554_432,
  xmlDepth: 128,
  xmlMarkup: 500_000,
  xmlAttributes: 256,
  xmlInherited: 512,
  /** How long the thread that makes signatures may be silent while nothing is asked of anybody, how long it is kept for the
   *  next document, and the document after which it is not: WebAssembly memory never shrinks. */
  signatureSilence: 20_000,
  signatureThreadIdle: 30_000,
  signatureThreadDocument: 4_194_304,
  /** Megabytes of JavaScript objects that it may have; documents are bytes, and counted by `documentsTogether`. */
  signatureThreadMemory: 512,
  /** The policy file. */
  policySize: 65_536,
  /** The audit log is rotated at this size, and this many old files are kept. */
  auditFileSize: 1_000_000,
  auditFiles: 4,
} as const;
