// Why a file that sees the PIN is not used on Windows, in words, and what to do about it.
import { type FileProblem } from '../../../../tokens/file-problem.ts';
import { type Text } from '../../../text.ts';

export function reasonOf(path: string, { reason, at }: FileProblem): Text {
  const because: Text = {
    'not-absolute': { sv: 'sökvägen är inte fullständig', en: 'the path is not absolute' },
    missing: { sv: `${at} finns inte`, en: `${at} does not exist` },
    'not-a-file': { sv: `${at} är ingen fil`, en: `${at} is no file` },
    'not-owned-by-root': {
      sv: `${at} ägs inte av administratörerna`,
      en: `${at} does not belong to the administrators`,
    },
    'writable-by-others': {
      sv: `fler än administratörerna kan ändra ${at}`,
      en: `others than the administrators can change ${at}`,
    },
    'too-many-links': { sv: `${at} är en länk`, en: `${at} is a link` },
  }[reason];
  return { sv: `${path} används inte: ${because.sv}.`, en: `${path} is not used: ${because.en}.` };
}

/** What to do about who may change a file; undefined when that is not what is wrong. S-1-5-32-544 is the administrators' group. */
export function closeToOthers({ reason, at }: FileProblem): Text | undefined {
  if (reason === 'not-owned-by-root') {
    return {
      sv: `Den får se PIN-koden. Ta reda på vem som lade den där, sedan: icacls "${at}" /setowner *S-1-5-32-544`,
      en: `It sees the PIN. Find out who put it there, then: icacls "${at}" /setowner *S-1-5-32-544`,
    };
  }
  if (reason === 'writable-by-others') {
    return {
      sv: `Den får se PIN-koden. Ta bort andras rätt att skriva; vilka det är visar: icacls "${at}"`,
      en: `It sees the PIN. Take away the others' right to write; who they are shows: icacls "${at}"`,
    };
  }
  return undefined;
}
