// The desktop file that starts the agent at logon (Desktop Application Autostart Specification 0.5).
import { nodeVariables } from '../../../shared/foreign-variables.ts';

export const autostartFileName = 'kortbro-agent.desktop';

/** The line by which an entry of `install --user` is known. */
const mark = 'X-Kortbro-InstalledFor=user';

/** Desktop Entry Specification 1.5; `node` and `program` are absolute paths. */
export function autostartEntry(node: string, program: string): string {
  const lines = [
    '[Desktop Entry]',
    'Type=Application',
    'Name=Kortbro',
    'Comment=Web pages use the smart card in the reader',
    'Comment[sv]=Webbsidor använder kortet i kortläsaren',
    `Exec=env ${nodeVariables.map((name) => `-u ${name}`).join(' ')} ${quoted(node)} ${quoted(program)}`,
    'Terminal=false',
    'NoDisplay=true',
    mark,
  ];
  return `${lines.join('\n')}\n`;
}

/** Whether `text` was written by `autostartEntry`. */
export function isOurAutostartEntry(text: string): boolean {
  return text.split('\n').includes(mark);
}

/** What a desktop does with an entry: starts these files, or nothing because the user switched it off. */
export function readAutostartEntry(text: string): { enabled: boolean; targets: string[] } {
  const values = new Map(
    text.split('\n').map((line) => [line.split('=', 1)[0] ?? '', line.slice(line.indexOf('=') + 1)]),
  );
  const enabled = values.get('Hidden') !== 'true' && values.get('X-GNOME-Autostart-enabled') !== 'false';
  const command = (values.get('Exec') ?? '').replaceAll('\\\\', '\\');
  const words = [...command.matchAll(/"((?:[^"\\]|\\.)*)"|[^\s"]+/g)].map(([word, inQuotes]) =>
    (inQuotes?.replace(/\\(["`$\\])/g, '$1') ?? word).replaceAll('%%', '%'),
  );
  return { enabled, targets: words.filter((word) => word.startsWith('/')) };
}

/** The Exec key has two layers: quoting of arguments, and above it the escapes of every string value. */
function quoted(word: string): string {
  const argument = `"${word.replace(/["`$\\]/g, '\\$&')}"`.replaceAll('%', '%%');
  return argument.replaceAll('\\', '\\\\');
}
