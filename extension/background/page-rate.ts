// How often one origin may ask: a token bucket, so that a page in a loop cannot use up what the profile's one connection
// may send (limits.requestsPerSecond) and starve the other sites. Pure.

/** Requests that an origin may start a second, averaged, and in a burst. */
const perSecond = 10;
const burst = 40;

/** What is left in an origin's bucket, and when that was reckoned (milliseconds). */
export interface Bucket {
  left: number;
  at: number;
}

/** The bucket after one more request at `now`, or undefined when it is empty. */
export function takeOne(bucket: Bucket | undefined, now: number): Bucket | undefined {
  const left = bucket === undefined ? burst : Math.min(burst, bucket.left + ((now - bucket.at) / 1000) * perSecond);
  return left < 1 ? undefined : { left: left - 1, at: now };
}
