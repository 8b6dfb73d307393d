// Every certificate on every card, with the reason why one cannot be used. For the holder and the help desk, never a page.
import { type CertificateEntry, type Result } from '../../shared/messages.ts';
import { assuranceLevel, isOutsideValidity } from '../certificates/choose.ts';
import { displayText } from '../certificates/display-text.ts';
import { policyInForce, type OperationCall, type OperationContext } from './context.ts';

/** Reads what was read when the cards came in. */
export async function listCertificates(
  context: OperationContext,
  call: OperationCall,
): Promise<Result<'certificates'>> {
  const { assuranceLevels } = policyInForce(context);
  await context.cards.settled(call.signal);
  const certificates = context.cards.tokens.flatMap((token) =>
    token.keys.map(({ label, certificate }): CertificateEntry => {
      const level = assuranceLevel(certificate, assuranceLevels);
      return {
        reader: displayText(token.reader, 100),
        token: displayText(token.description.label, 100),
        label,
        usage: certificate.usage,
        holder: certificate.holder,
        organisation: certificate.organisation,
        holderId: certificate.holderId,
        issuer: certificate.issuer,
        notBefore: certificate.notBefore.toISOString(),
        notAfter: certificate.notAfter.toISOString(),
        ...(level === undefined ? {} : { assuranceLevel: level }),
        ...(isOutsideValidity(certificate, context.today())
          ? { problem: 'ERR_CARD_CERTIFICATE_INVALID' as const }
          : {}),
      };
    }),
  );
  return { certificates: certificates.slice(0, 128) };
}
