// Is the smart-card service (pcscd) installed, reachable and answering? Nothing that Kortbro does works without it.
import { PCSC_LIBRARY_MISSING, pcscCodeName } from '../../../native/pcsc-error.ts';
import { type Text } from '../../text.ts';
import { ok, problem, warning, type Finding } from '../finding.ts';
import { type Picture } from '../picture.ts';

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
  return socket.exists
    ? [
        problem(
          'card-service',
          {
            sv: `Korttjänsten svarar inte på ${socket.path}${code}.`,
            en: `The card service does not answer at ${socket.path}${code}.`,
          },
          {
            sv: 'Starta om den: systemctl restart pcscd. Svarar den då också nej, se efter vem polkit låter använda den.',
            en: 'Restart it: systemctl restart pcscd. If it still says no, see whom polkit lets use it.',
          },
        ),
      ]
    : [
        problem(
          'card-service',
          { sv: `Korttjänsten är inte igång${code}.`, en: `The card service is not running${code}.` },
          start,
        ),
      ];
}
