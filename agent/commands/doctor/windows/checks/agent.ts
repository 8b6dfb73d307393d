// What to do on Windows about an agent that does not answer, and about its directory.
import { type Text } from '../../../text.ts';
import { checkAgent as checkAnyAgent, checkRuntimeDirectory as checkAnyDirectory } from '../../checks/agent.ts';
import { type Finding } from '../../finding.ts';
import { type WindowsPicture } from '../picture.ts';

const whereToLook: Text = {
  sv: 'Åtgärda det som står om installationen och körkatalogen, se efter om programkontrollen (AppLocker, WDAC) stoppar kortbro-agent.exe, och läs händelseloggen (%LOCALAPPDATA%\\Kortbro).',
  en: 'Mend what is said of the installation and the runtime directory, see whether application control (AppLocker, WDAC) stops kortbro-agent.exe, and read the audit log (%LOCALAPPDATA%\\Kortbro).',
};

function closeByList(path: string): Text {
  return {
    sv: `Ta reda på vem som öppnade den (icacls "${path}"), sedan: icacls "${path}" /reset`,
    en: `Find out who opened it (icacls "${path}"), then: icacls "${path}" /reset`,
  };
}

export function checkAgent(picture: WindowsPicture): Finding[] {
  return checkAnyAgent(picture, whereToLook);
}

export function checkRuntimeDirectory(picture: WindowsPicture): Finding[] {
  return checkAnyDirectory(picture, closeByList);
}
