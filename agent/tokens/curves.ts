// The NIST curves that cards sign with, for ready-made digests, which node:crypto does not take. Pure.
import { type KeyObject } from 'node:crypto';
import { p256, p384, p521 } from '@noble/curves/nist.js';

const curves = { prime256v1: p256, secp384r1: p384, secp521r1: p521 } as const;

/** The curve of a key; undefined for another kind of key. */
export function curveOf({ asymmetricKeyDetails }: KeyObject): (typeof curves)[keyof typeof curves] | undefined {
  return Object.entries(curves).find(([name]) => name === asymmetricKeyDetails?.namedCurve)?.[1];
}
