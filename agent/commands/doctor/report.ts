// How the findings are shown: to a person, and to a script. Pure. What comes from files and cards is cleaned for a terminal.
import { productVersion } from '../../../shared/names.ts';
import { displayText } from '../../certificates/display-text.ts';
import { type Language } from '../text.ts';
import { checkTitles, type Finding } from './finding.ts';

const words = {
  ok: { sv: 'OK', en: 'OK' },
  warning: { sv: 'Varning', en: 'Warning' },
  problem: { sv: 'Problem', en: 'Problem' },
} as const;

/** Characters of one line. */
const longestLine = 500;

/** One finding a line, and beneath it what to do; at the end how many there are. */
export function findingsText(findings: readonly Finding[], language: Language): string {
  const stateWidth = Math.max(...Object.values(words).map((word) => word[language].length));
  const titleWidth = Math.max(...findings.map(({ check }) => checkTitles[check][language].length));
  const lines = findings.flatMap((finding) => {
    const title = checkTitles[finding.check][language].padEnd(titleWidth);
    const detail = displayText(finding.detail[language], longestLine);
    const first = `${words[finding.state][language].padEnd(stateWidth)}   ${title}   ${detail}`;
    if (finding.state === 'ok') return [first];
    return [
      first,
      `${' '.repeat(stateWidth + titleWidth + 6)}> ${displayText(finding.whatToDo[language], longestLine)}`,
    ];
  });
  return [...lines, '', summary(findings, language)].join('\n');
}

/** For scripts: {version, findings: [{check, state, detail, whatToDo}]}; `whatToDo` is empty when nothing is to be done. */
export function findingsJson(findings: readonly Finding[], language: Language): unknown {
  return {
    version: productVersion,
    findings: findings.map((finding) => ({
      check: finding.check,
      state: finding.state,
      detail: finding.detail[language],
      whatToDo: finding.state === 'ok' ? '' : finding.whatToDo[language],
    })),
  };
}

function summary(findings: readonly Finding[], language: Language): string {
  const count = (state: Finding['state']) => findings.filter((finding) => finding.state === state).length;
  const [problems, warnings] = [count('problem'), count('warning')];
  if (problems === 0 && warnings === 0) return { sv: 'Allt ser bra ut.', en: 'Everything looks fine.' }[language];
  return {
    sv: `${problems} problem, ${warnings} ${warnings === 1 ? 'varning' : 'varningar'}.`,
    en: `${problems} ${problems === 1 ? 'problem' : 'problems'}, ${warnings} ${warnings === 1 ? 'warning' : 'warnings'}.`,
  }[language];
}
