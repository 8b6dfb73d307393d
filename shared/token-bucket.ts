// A token bucket: a burst passes, a flood does not. Pure.

/** Requests that may be started a second, averaged, and in a burst. */
export interface Rate {
  perSecond: number;
  burst: number;
}

/** What is left in a bucket, and when that was reckoned (milliseconds). */
export interface Bucket {
  left: number;
  at: number;
}

/** The bucket after one more request at `now`, or undefined when it is empty. */
export function takeOne(bucket: Bucket | undefined, { perSecond, burst }: Rate, now: number): Bucket | undefined {
  const left = bucket === undefined ? burst : Math.min(burst, bucket.left + ((now - bucket.at) / 1000) * perSecond);
  return left < 1 ? undefined : { left: left - 1, at: now };
}
