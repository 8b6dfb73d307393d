// Does Windows' card service (SCardSvr) answer? Since Windows 8 it runs only while there is a reader, so that its absence alone means
// nothing at a computer of one's own; in a remote session it most often means that the redirection has been lost.
import { PCSC_LIBRARY_MISSING, pcscCodeName } from '../../../../native/pcsc-error.ts';
import { ok, problem, warning, type Finding } from '../../finding.ts';
import { readerNames, readersFinding, remoteAdvice, noRemoteReader } from '../../checks/readers.ts';
import { windowsRemoteSession } from '../../checks/remote-session.ts';
import { type WindowsPicture } from '../picture.ts';

/** SCARD_E_NO_SERVICE, SCARD_E_SERVICE_STOPPED; SCARD_E_NO_READERS_AVAILABLE is no failure of the service. */
const notRunning: readonly (number | undefined)[] = [0x8010001d, 0x8010001e];

/** SERVICE_DISABLED (winsvc.h). */
const disabled = 4;

export function checkCardService({
  cardService: { start, readers },
  drivers,
  cng,
  environment,
}: WindowsPicture): Finding[] {
  if (drivers.simulators.length > 0 && drivers.modules.length === 0 && !cng.used) {
    return [ok('card-service', 'Behövs inte: korten är simulerade.', 'Not needed: the cards are simulated.')];
  }
  if (readers?.service === 'running') {
    return [ok('card-service', 'Smartkorttjänsten svarar.', 'The smart-card service answers.')];
  }
  const kind = windowsRemoteSession(environment);
  if (readers === undefined) {
    const far =
      kind === undefined
        ? ['', '']
        : [` (${kind}: varje fråga går över nätet)`, ` (${kind}: each question crosses the network)`];
    return [
      warning(
        'card-service',
        {
          sv: `Smartkorttjänsten har inte svarat i tid${far[0]}.`,
          en: `The smart-card service has not answered in time${far[1]}.`,
        },
        {
          sv: 'Kör om. Svarar den ändå inte: koppla från och anslut sessionen igen, eller starta om datorn.',
          en: 'Run this again. If it still does not: disconnect and reconnect the session, or restart the computer.',
        },
      ),
    ];
  }
  const code = readers.code === undefined ? '' : ` (${pcscCodeName(readers.code)})`;
  if (readers.code === PCSC_LIBRARY_MISSING) {
    return [
      problem(
        'card-service',
        { sv: 'winscard.dll saknas i Windows.', en: 'winscard.dll is missing from Windows.' },
        { sv: 'Som administratör: sfc /scannow', en: 'As administrator: sfc /scannow' },
      ),
    ];
  }
  if (start === disabled) {
    return [
      problem(
        'card-service',
        { sv: 'Tjänsten Smartkort (SCardSvr) är avstängd.', en: 'The service Smart Card (SCardSvr) is disabled.' },
        {
          sv: 'Slå på den i grupprincipen, eller som administratör: sc config SCardSvr start= demand',
          en: 'Enable it in group policy, or as administrator: sc config SCardSvr start= demand',
        },
      ),
    ];
  }
  if (kind !== undefined && notRunning.includes(readers.code)) {
    return [
      problem(
        'card-service',
        {
          sv: `Ingen smartkorttjänst i fjärrsessionen (${kind})${code}.`,
          en: `No smart-card service in the remote session (${kind})${code}.`,
        },
        {
          sv: 'Efter en återanslutning kan det vara så till utloggningen: logga ut ur fjärrsessionen och in igen, med kortläsaren ansluten. Annars: slå på omdirigering av smartkort i klienten och på servern.',
          en: 'After a reconnect it can stay so until sign-out: sign out of the remote session and in again, with the reader connected. Otherwise switch smart-card redirection on in the client and on the server.',
        },
      ),
    ];
  }
  if (notRunning.includes(readers.code)) {
    return [
      ok(
        'card-service',
        `Vilar${code}: Windows startar den när en kortläsare ansluts.`,
        `At rest${code}: Windows starts it when a reader is connected.`,
      ),
    ];
  }
  return [
    problem(
      'card-service',
      { sv: `Smartkorttjänsten svarar inte${code}.`, en: `The smart-card service does not answer${code}.` },
      {
        sv: 'Som administratör: sc stop SCardSvr, sedan: sc start SCardSvr. Hjälper det inte: starta om datorn.',
        en: 'As administrator: sc stop SCardSvr, then: sc start SCardSvr. If that does not help, restart the computer.',
      },
    ),
  ];
}

export function checkReaders(picture: WindowsPicture): Finding[] {
  const { cardService, environment } = picture;
  const atRest = notRunning.includes(cardService.readers?.code) && cardService.start !== disabled;
  const kind = windowsRemoteSession(environment);
  // A service at rest has no reader; in a remote session it has been complained of already.
  const names = readerNames(picture) ?? (atRest && kind === undefined ? [] : undefined);
  if (names === undefined) return [];
  if (names.length > 0) return [readersFinding(names)];
  if (kind === undefined) {
    return [
      problem(
        'readers',
        { sv: 'Ingen kortläsare hittades.', en: 'No card reader was found.' },
        {
          sv: 'Anslut kortläsaren. Är den ansluten: se efter i Enhetshanteraren, under Smartkortläsare, att den har en drivrutin.',
          en: 'Connect the reader. If it is connected, see in Device Manager, under Smart card readers, that it has a driver.',
        },
      ),
    ];
  }
  const { sv, en } = remoteAdvice(kind);
  if (kind !== 'Citrix') return [noRemoteReader(kind, { sv, en })];
  return [
    noRemoteReader(kind, {
      sv: `${sv} kortbro-agent.exe får inte stå på Citrix lista över program utan smartkort.`,
      en: `${en} kortbro-agent.exe must not be on Citrix's list of programs without smart-card hooks.`,
    }),
  ];
}
