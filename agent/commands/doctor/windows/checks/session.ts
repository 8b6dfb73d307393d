// Is the agent started at logon, and does it use the cards of this session?
import { suspendedFindings } from '../../checks/session.ts';
import { ok, warning, type Finding } from '../../finding.ts';
import { type WindowsPicture } from '../picture.ts';

export function checkAutostart({ autostart }: WindowsPicture): Finding[] {
  const install = {
    sv: 'Installera om med funktionen Autostart. Utan den startar webbläsaren Kortbro, och första inloggningen tar lite längre tid.',
    en: 'Install again with the feature Autostart. Without it the browser starts Kortbro, and the first login takes a little longer.',
  };
  if (autostart === undefined) {
    return [
      warning(
        'autostart',
        { sv: 'Kortbro startas inte vid inloggning.', en: 'Kortbro is not started at logon.' },
        install,
      ),
    ];
  }
  const { program, exists, enabled } = autostart;
  if (!exists) {
    return [
      warning(
        'autostart',
        {
          sv: `Run-nyckeln startar ${program}, som inte finns.`,
          en: `The Run key starts ${program}, which does not exist.`,
        },
        install,
      ),
    ];
  }
  if (!enabled) {
    return [
      warning(
        'autostart',
        {
          sv: `${program} är avstängd bland autostartprogrammen.`,
          en: `${program} is switched off among the startup apps.`,
        },
        {
          sv: 'Slå på Kortbro i Aktivitetshanteraren, Autostartappar, om det inte var meningen.',
          en: 'Switch Kortbro on in Task Manager, Startup apps, unless that was meant.',
        },
      ),
    ];
  }
  return [ok('autostart', program, program)];
}

export function checkSession({ agent }: WindowsPicture): Finding[] {
  if (!agent.answer.ok) return [];
  const suspended = suspendedFindings({ agent });
  if (suspended.length > 0) return suspended;
  return [ok('session', 'Agenten använder korten i den här sessionen.', 'The agent uses the cards of this session.')];
}
