// Is there a program that can ask for the PIN, and a display for it to show itself on?
import { ok, problem, warning, type Finding } from '../finding.ts';
import { type Picture } from '../picture.ts';
import { remoteSession } from './remote-session.ts';

export function checkPinDialog({ pinProgram: { configured, found }, environment }: Picture): Finding[] {
  if (found === undefined) {
    return configured === undefined
      ? [
          problem(
            'pin-dialog',
            {
              sv: 'Inget program som kan fråga efter PIN-koden hittades.',
              en: 'No program that can ask for the PIN was found.',
            },
            {
              sv: 'Installera ett: apt install pinentry-gnome3 (eller pinentry-qt)',
              en: 'Install one: apt install pinentry-gnome3 (or pinentry-qt)',
            },
          ),
        ]
      : [
          problem(
            'pin-dialog',
            {
              sv: `${configured} (pin.program i policyn) finns inte, eller kan ändras av andra än root.`,
              en: `${configured} (pin.program in the policy) does not exist, or can be changed by others than root.`,
            },
            {
              sv: 'Installera programmet så att bara root kan ändra det, eller ta bort pin.program.',
              en: 'Install the program so that only root can change it, or remove pin.program.',
            },
          ),
        ];
  }
  if (configured === undefined && !hasDisplay(environment)) {
    const ssh = remoteSession(environment) === 'SSH';
    return [
      warning(
        'pin-dialog',
        { sv: `${found} har ingen skärm att visas på här.`, en: `${found} has no display to show itself on here.` },
        ssh
          ? {
              sv: 'Väntat över SSH: kör kortbro doctor i den session där webbläsaren körs.',
              en: 'As expected over SSH: run kortbro doctor in the session in which the browser runs.',
            }
          : {
              sv: 'Starta Kortbro från skrivbordet: varken DISPLAY eller WAYLAND_DISPLAY är satt.',
              en: 'Start Kortbro from the desktop: neither DISPLAY nor WAYLAND_DISPLAY is set.',
            },
      ),
    ];
  }
  return [ok('pin-dialog', found, found)];
}

function hasDisplay(environment: Picture['environment']): boolean {
  return [environment['DISPLAY'], environment['WAYLAND_DISPLAY']].some((value) => value !== undefined && value !== '');
}
