// Is the smart-card service (pcscd) installed, reachable and answering? Nothing that Kortbro does works without it.
import { PCSC_LIBRARY_MISSING, pcscCodeName } from '../../../native/pcsc-error.ts';
import { type Text } from '../../text.ts';
import { ok, problem, warning, type Finding } from '../finding.ts';
import { type Picture } from '../picture.ts';

/** SCARD_W_SECURITY_VIOLATION, SCARD_E_NO_ACCESS. */
const noAccess: readonly number[] = [0x8010006a, 0x80100027];

const start: Text = {
  sv: 'Starta den: systemctl enable --now pcscd.socket',
  en: 'Start it: systemctl enable --now pcscd.socket',
};

export function checkCardService({ cardService, drivers, environment }: Picture): Finding[] {
  const { installed, socket, readers } = cardService;
  if (drivers.modules.length === 0 && drivers.simulators.length > 0) {
    return [ok('card-service', 'Behövs inte: korten är simulerade.', 'Not needed: the cards are simulated.')];
  }
  if (readers?.service === 'running') return [ok('card-service', 'pcscd svarar.', 'pcscd answers.')];
  if (readers?.code === PCSC_LIBRARY_MISSING) {
    return [
      problem(
        'card-service',
        { sv: 'libpcsclite.so.1 saknas.', en: 'libpcsclite.so.1 is missing.' },
        { sv: 'Installera den: apt install libpcsclite1 pcscd', en: 'Install it: apt install libpcsclite1 pcscd' },
      ),
    ];
  }
  if (environment['PCSCLITE_CSOCK_NAME'] !== undefined && !socket.exists) {
    return [
      problem(
        'card-service',
        {
          sv: `PCSCLITE_CSOCK_NAME pekar på ${socket.path}, som inte finns.`,
          en: `PCSCLITE_CSOCK_NAME points to ${socket.path}, which does not exist.`,
        },
        {
          sv: 'I en fjärrsession sätts den av servern: anslut igen. Annars: ta bort variabeln.',
          en: 'In a remote session the server sets it: reconnect. Otherwise remove the variable.',
        },
      ),
    ];
  }
  if (!installed && !socket.exists) {
    return [
      problem(
        'card-service',
        { sv: 'Korttjänsten pcscd är inte installerad.', en: 'The card service pcscd is not installed.' },
        { sv: 'Installera den: apt install pcscd', en: 'Install it: apt install pcscd' },
      ),
    ];
  }
  if (readers === undefined) {
    return [
      warning(
        'card-service',
        { sv: 'Korttjänsten har inte svarat i tid.', en: 'The card service has not answered in time.' },
        { sv: 'Starta om den: systemctl restart pcscd', en: 'Restart it: systemctl restart pcscd' },
      ),
    ];
  }
  const code = readers.code === undefined ? '' : ` (${pcscCodeName(readers.code)})`;
  if (readers.code !== undefined && noAccess.includes(readers.code)) {
    return [
      problem(
        'card-service',
        {
          sv: `Korttjänsten släpper inte in den här användaren${code}.`,
          en: `The card service does not let this user in${code}.`,
        },
        {
          sv: 'polkit släpper bara in den som sitter vid datorn. Ge fjärrsessioner en regel för org.debian.pcsc-lite.access_pcsc och access_card.',
          en: 'polkit lets in only who sits at the computer. Give remote sessions a rule for org.debian.pcsc-lite.access_pcsc and access_card.',
        },
      ),
    ];
  }
  if (!socket.exists) {
    return [
      problem(
        'card-service',
        { sv: `Korttjänsten är inte igång${code}.`, en: `The card service is not running${code}.` },
        start,
      ),
    ];
  }
  return [
    problem(
      'card-service',
      {
        sv: `Korttjänsten svarar inte på ${socket.path}${code}.`,
        en: `The card service does not answer at ${socket.path}${code}.`,
      },
      {
        sv: 'Starta om den: systemctl restart pcscd.socket pcscd',
        en: 'Restart it: systemctl restart pcscd.socket pcscd',
      },
    ),
  ];
}
