// What the thread for signatures is asked to make of a document. Pure.
import { type SignatureFormat } from '../../../shared/signing.ts';
import { type SignatureJob } from '../../signatures/worker/signature-job.ts';

/** What is made in the thread for signatures; of the other two the card makes everything. */
export type ContainerFormat = Exclude<SignatureFormat, { type: 'raw' | 'hash' }>;

export function needsThread(format: SignatureFormat): format is ContainerFormat {
  return format.type !== 'raw' && format.type !== 'hash';
}

export function jobOf(format: ContainerFormat, document: Uint8Array, mimeType: string): SignatureJob {
  const { type, ...options } = format;
  return { kind: type, document, mimeType, ...options } as SignatureJob;
}
