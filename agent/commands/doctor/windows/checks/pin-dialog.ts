// Is the program there that asks for the PIN, and can nobody but administrators have changed it?
import { ok, problem, type Finding } from '../../finding.ts';
import { type WindowsPicture } from '../picture.ts';
import { closeToOthers, reasonOf } from './file-problem.ts';
import { installAgain } from './installation.ts';

export function checkPinDialog({ pinProgram: { path, configured, problem: refused } }: WindowsPicture): Finding[] {
  if (refused === undefined) return [ok('pin-dialog', path, path)];
  const correct = {
    sv: 'Installera programmet, eller ta bort pin.program ur policyn.',
    en: 'Install the program, or remove pin.program from the policy.',
  };
  const whatToDo = closeToOthers(refused) ?? (configured ? correct : installAgain);
  return [problem('pin-dialog', reasonOf(path, refused), whatToDo)];
}
