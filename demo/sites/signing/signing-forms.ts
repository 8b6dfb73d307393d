// What the journal's forms for signing hold, checked: everything in them is somebody's word until it is parsed here.
import { z } from 'zod';

/** What can be signed: a medical certificate, a decision, or all prescriptions that wait for the holder. */
export type SigningWish =
  | { readonly kind: 'certificate'; readonly fields: SickLeave }
  | { readonly kind: 'decision'; readonly fields: Decision }
  | { readonly kind: 'prescriptions' };

export type SigningKind = SigningWish['kind'];

/** The clinic's patients, all invented. */
export const patients = ['Doris Demosson', 'Efraim Exempelberg', 'Frida Fiktiv'] as const;

/** How much of the working hours the patient cannot work, in percent. */
export const extents = ['25', '50', '75', '100'] as const;

export const decisions = ['granted', 'refused'] as const;

const day = z.iso.date();
/** No control, format or private-use characters: nothing that is in a document unseen. */
const text = (length: number) =>
  z
    .string()
    .max(length * 2)
    .transform((value) => value.replaceAll('\r\n', '\n').trim())
    .pipe(
      z
        .string()
        .min(1)
        .max(length)
        .regex(/^[\P{C}\n]+$/u),
    );
const line = (length: number) => text(length).refine((value) => !value.includes('\n'));

const sickLeave = z
  .strictObject({
    patient: z.enum(patients),
    diagnosis: line(120),
    assessment: text(1_000),
    extent: z.enum(extents),
    from: day,
    to: day,
  })
  .refine(({ from, to }) => from <= to);

const decision = z.strictObject({
  patient: z.enum(patients),
  decision: z.enum(decisions),
  // What fits on one page, and what the fonts of every PDF viewer have: Latin 1 and a few signs of print.
  reason: text(600).refine((value) => value.split('\n').length <= 6 && /^[\n\x20-\x7e\xa0-\xff–—’”…]+$/u.test(value)),
});

export type SickLeave = z.infer<typeof sickLeave>;
export type Decision = z.infer<typeof decision>;

const wish = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('certificate'), fields: sickLeave }),
  z.strictObject({ kind: z.literal('decision'), fields: decision }),
  z.strictObject({ kind: z.literal('prescriptions'), fields: z.strictObject({}) }),
]);

/** Reads `{"kind": ..., "fields": ...}`. Undefined for anything else. */
export function parseWish(body: string): SigningWish | undefined {
  try {
    return wish.safeParse(JSON.parse(body)).data;
  } catch {
    return undefined;
  }
}
