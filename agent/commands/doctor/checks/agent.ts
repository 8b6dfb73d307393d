// Does the agent run and answer, is it of this version, and is its directory safe?
import { errorTexts } from '../../../../shared/error-texts.ts';
import { productVersion } from '../../../../shared/names.ts';
import { type ErrorCode } from '../../../../shared/errors.ts';
import { type Text } from '../../text.ts';
import { ok, problem, warning, type Finding } from '../finding.ts';
import { type AgentSight, type DirectorySight, type Picture } from '../picture.ts';

const startAgain: Text = {
  sv: 'Logga ut och in igen, så att Kortbro startas om.',
  en: 'Log out and in again, so that Kortbro is started anew.',
};

const seeBelow: Text = {
  sv: 'Åtgärda det som står om installationen och körkatalogen, och läs händelseloggen (~/.local/state/kortbro).',
  en: 'Mend what is said of the installation and the runtime directory, and read the audit log (~/.local/state/kortbro).',
};

const notReached: readonly ErrorCode[] = ['ERR_AGENT_NOT_RUNNING', 'ERR_AGENT_ENDPOINT'];

/** @param whereToLook what to do when there is no agent to be reached */
export function checkAgent({ agent }: { agent: AgentSight }, whereToLook: Text = seeBelow): Finding[] {
  const { answer, ranBefore } = agent;
  if (!answer.ok) {
    const { sv, en } = errorTexts[answer.code];
    const detail = { sv: `${sv} (${answer.code})`, en: `${en} (${answer.code})` };
    return [problem('agent', detail, notReached.includes(answer.code) ? whereToLook : startAgain)];
  }
  const { version } = answer.state;
  if (version !== productVersion) {
    const detail = {
      sv: `Version ${version} är igång, men ${productVersion} är installerad.`,
      en: `Version ${version} is running, but ${productVersion} is installed.`,
    };
    return [warning('agent', detail, startAgain)];
  }
  return ranBefore
    ? [ok('agent', `Igång, version ${version}.`, `Running, version ${version}.`)]
    : [ok('agent', `Startades nu, version ${version}.`, `Started just now, version ${version}.`)];
}

/** @param close how a directory that others can reach is mended */
export function checkRuntimeDirectory(
  { runtimeDirectories }: Pick<Picture, 'runtimeDirectories'>,
  close: (path: string) => Text = closeByMode,
): Finding[] {
  const bad = runtimeDirectories.find(({ state }) => state !== 'private' && state !== 'missing');
  if (bad !== undefined) return [problem('runtime-directory', reasonOf(bad), mend(bad, close))];
  const last = runtimeDirectories.at(-1)?.path ?? '';
  return [ok('runtime-directory', last, last)];
}

function reasonOf({ path, state }: DirectorySight): Text {
  switch (state) {
    case 'of-another-user':
      return { sv: `${path} ägs av en annan användare.`, en: `${path} belongs to another user.` };
    case 'open-to-others':
      return { sv: `Andra användare kommer åt ${path}.`, en: `Other users can reach ${path}.` };
    default:
      return { sv: `${path} är ingen katalog.`, en: `${path} is no directory.` };
  }
}

function closeByMode(path: string): Text {
  return {
    sv: `Ta reda på vem som öppnade den, sedan: chmod 700 ${path}`,
    en: `Find out who opened it, then: chmod 700 ${path}`,
  };
}

function mend({ path, state }: DirectorySight, close: (path: string) => Text): Text {
  if (state === 'open-to-others') return close(path);
  return {
    sv: 'Ta reda på vem som lade den där, och ta bort den. Kortbro gör en ny vid nästa start.',
    en: 'Find out who put it there, and remove it. Kortbro makes a new one at its next start.',
  };
}
