// Is the agent started at logon, and does it learn when the session is locked?
import { ok, warning, type Finding } from '../finding.ts';
import { type AgentSight, type Picture } from '../picture.ts';

export function checkAutostart({ autostart }: Picture): Finding[] {
  // The user's own entry hides the machine's (Desktop Application Autostart Specification 0.5).
  const [entry] = autostart;
  const install = {
    sv: 'kortbro install --user lägger dit den. Utan den startar webbläsaren Kortbro, och första inloggningen tar lite längre tid.',
    en: 'kortbro install --user puts it there. Without it the browser starts Kortbro, and the first login takes a little longer.',
  };
  if (entry === undefined) {
    return [
      warning(
        'autostart',
        { sv: 'Kortbro startas inte vid inloggning.', en: 'Kortbro is not started at logon.' },
        install,
      ),
    ];
  }
  if (!entry.enabled) {
    return [
      warning(
        'autostart',
        { sv: `${entry.path} är avstängd.`, en: `${entry.path} is switched off.` },
        {
          sv: 'Slå på den bland skrivbordets startprogram, om det inte var meningen.',
          en: 'Switch it on among the desktop’s startup programs, unless that was meant.',
        },
      ),
    ];
  }
  const [missing] = entry.missingTargets;
  if (missing !== undefined) {
    return [
      warning(
        'autostart',
        {
          sv: `${entry.path} startar ${missing}, som inte finns.`,
          en: `${entry.path} starts ${missing}, which does not exist.`,
        },
        install,
      ),
    ];
  }
  return [ok('autostart', entry.path, entry.path)];
}

/** Whether the agent itself says that it uses no card. */
export function suspendedFindings({ agent: { answer } }: { agent: AgentSight }): Finding[] {
  if (!answer.ok || answer.state.session !== 'suspended') return [];
  return [
    warning(
      'session',
      {
        sv: 'Agenten använder inga kort: sessionen är låst eller frånkopplad.',
        en: 'The agent uses no card: the session is locked or disconnected.',
      },
      {
        sv: 'Lås upp datorn och kör om. I en annan session: kör kortbro doctor där.',
        en: 'Unlock the computer and run this again. In another session: run kortbro doctor there.',
      },
    ),
  ];
}

export function checkSession({ sessionWatch, agent }: Picture): Finding[] {
  const suspended = suspendedFindings({ agent });
  if (suspended.length > 0) return suspended;
  if (sessionWatch === 'available') {
    return [ok('session', 'Kortbro får veta när datorn låses.', 'Kortbro learns when the computer is locked.')];
  }
  if (sessionWatch === 'unknown') return [];
  const detail =
    sessionWatch === 'no-libsystemd'
      ? {
          sv: 'libsystemd.so.0 saknas: Kortbro märker inte att datorn låses.',
          en: 'libsystemd.so.0 is missing: Kortbro does not notice that the computer is locked.',
        }
      : {
          sv: 'Ingen session hos systemd-logind: Kortbro märker inte att datorn låses.',
          en: 'No session with systemd-logind: Kortbro does not notice that the computer is locked.',
        };
  const whatToDo =
    sessionWatch === 'no-libsystemd'
      ? { sv: 'Installera den: apt install libsystemd0', en: 'Install it: apt install libsystemd0' }
      : {
          sv: 'Kör i en session som inloggningshanteraren har öppnat (loginctl visar den), eller slå på pam_systemd.',
          en: 'Run in a session that the login manager has opened (loginctl shows it), or enable pam_systemd.',
        };
  return [warning('session', detail, whatToDo)];
}

/** For information only: two programs that share a card can end each other's logins. */
export function checkOtherSoftware({ otherSoftware }: Pick<Picture, 'otherSoftware'>): Finding[] {
  if (otherSoftware.length === 0) return [];
  const names = otherSoftware.join(', ');
  return [
    ok(
      'other-software',
      `${names}. Använder de samma kort kan PIN-koden behöva anges oftare.`,
      `${names}. If they use the same card, the PIN may be asked for more often.`,
    ),
  ];
}
