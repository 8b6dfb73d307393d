// `doctor --repair`: takes away what findings say that doctor may take away, each after a question, and looks again. Never silently:
// without a terminal it does nothing unless it was told yes beforehand.
import { type Language, type Text } from '../text.ts';
import { type Finding, type Repair } from './finding.ts';

export interface RepairTools {
  language: Language;
  /** Findings of now. */
  look: () => Promise<readonly Finding[]>;
  say: (text: string) => void;
  /** Asks a person; undefined: nobody can be asked. */
  ask: ((question: string) => Promise<string>) | undefined;
  /** `--yes`: every question is answered so. */
  yes: boolean;
  /** Takes the key away; false when that failed. */
  remove: (repair: Repair) => Promise<boolean>;
}

/** @returns the findings after the last repair, or undefined when there was nobody to ask */
export async function repair(found: readonly Finding[], tools: RepairTools): Promise<readonly Finding[] | undefined> {
  const { language, look, say, ask, yes, remove } = tools;
  const tell = ({ sv, en }: Text) => say({ sv, en }[language]);
  let findings = found;
  const seen = new Set<string>();
  for (;;) {
    const next = repairs(findings).find((one) => !seen.has(lineOf(one)));
    if (next === undefined) break;
    if (!yes && ask === undefined) {
      tell({
        sv: '--repair frågar innan något tas bort, och här finns ingen att fråga. kortbro doctor --repair --yes tar bort utan att fråga.',
        en: '--repair asks before it removes anything, and there is nobody to ask here. kortbro doctor --repair --yes removes without asking.',
      });
      return undefined;
    }
    const line = lineOf(next);
    seen.add(line);
    if (!yes && !isYes(await ask?.(question(next)[language]))) {
      tell({ sv: `Kvar: ${line}`, en: `Left as it is: ${line}` });
      continue;
    }
    if (!(await remove(next))) {
      tell({ sv: `Kunde inte tas bort: ${line}`, en: `Could not be removed: ${line}` });
      continue;
    }
    tell({ sv: `Borttagen: ${line}`, en: `Removed: ${line}` });
    // What it hid may be another one.
    findings = await look();
  }
  if (seen.size === 0) {
    tell({ sv: 'Det finns inget som doctor kan laga själv.', en: 'There is nothing that doctor can mend by itself.' });
  }
  return findings;
}

function repairs(findings: readonly Finding[]): Repair[] {
  return findings.flatMap((finding) => (finding.state !== 'ok' && finding.repair ? [finding.repair] : []));
}

function lineOf({ view, key }: Repair): string {
  return `HKCU\\${key} (${view} bit)`;
}

function question(one: Repair): Text {
  return { sv: `Ta bort ${lineOf(one)}? [j/N] `, en: `Remove ${lineOf(one)}? [y/N] ` };
}

/** In either language, whatever the language of the question. */
function isYes(answer: string | undefined): boolean {
  return /^\s*(j|ja|y|yes)\s*$/i.test(answer ?? '');
}
