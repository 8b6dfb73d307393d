// The status words that the virtual cards use, by the names of ISO 7816-4 clause 5.6.

export const SW = {
  ok: 0x9000,
  endOfFile: 0x6282,
  wrongLength: 0x6700,
  chainingExpected: 0x6883,
  notSatisfied: 0x6982,
  pinBlocked: 0x6983,
  conditionsNotSatisfied: 0x6985,
  noCurrentFile: 0x6986,
  wrongData: 0x6a80,
  fileNotFound: 0x6a82,
  wrongP1P2: 0x6a86,
  referenceNotFound: 0x6a88,
  wrongOffset: 0x6b00,
  unknownInstruction: 0x6d00,
  unknownClass: 0x6e00,
  cardFault: 0x6f00,
  /** 63CX: verification failed or still due, X tries left. */
  triesLeft: (tries: number): number => 0x63c0 | Math.min(tries, 15),
  /** 61XX: XX more bytes wait for GET RESPONSE; 00 means 256 or more. */
  moreBytes: (count: number): number => 0x6100 | (count >= 256 ? 0 : count),
} as const;
