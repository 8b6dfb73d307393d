// What the thread can make: one line a kind.
import { type SignatureSurroundings, type Signer } from '../signer.ts';
import { signCms } from '../cms.ts';
import { signPades } from '../pades.ts';
import { signJws } from '../jws.ts';
import { signXades } from '../xades.ts';
import { signSignedInfo } from '../xmldsig.ts';
import { type SignatureJob, type SignatureJobKind } from './signature-job.ts';

type Maker<Job> = (job: Job, signer: Signer, surroundings: SignatureSurroundings) => Promise<Uint8Array>;

const makers: { readonly [Kind in SignatureJobKind]: Maker<Extract<SignatureJob, { kind: Kind }>> } = {
  pades: (job, signer, surroundings) => signPades(job.document, job, signer, surroundings),
  cms: (job, signer, surroundings) => signCms(job.document, job, signer, surroundings),
  xades: (job, signer, surroundings) => signXades(job.document, job, signer, surroundings),
  xmldsig: (job, signer) => signSignedInfo(job.document, signer),
  jws: (job, signer, surroundings) => signJws(job.document, job, signer, surroundings),
};

/** Makes what the job asks for. @throws SignatureError, and what signer and surroundings throw */
export const make: Maker<SignatureJob> = async (job, signer, surroundings) => {
  const maker = makers[job.kind] as Maker<SignatureJob>;
  return maker(job, signer, surroundings);
};
