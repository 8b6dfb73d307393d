// The program that the host manifest names: browsers start a program, not a script with an interpreter.
import { nodeVariables } from '../../../shared/foreign-variables.ts';

/** The line by which a launcher of ours is known. */
const mark = "# Written by 'kortbro install --user'; 'kortbro uninstall --user' removes it.";

/** A POSIX shell script that becomes `node program`, without core dumps. */
export function launcher(node: string, program: string): string {
  const lines = ['#!/bin/sh', mark, `unset ${nodeVariables.join(' ')}`, 'ulimit -c 0'];
  return `${lines.join('\n')}\nexec ${quoted(node)} ${quoted(program)} "$@"\n`;
}

/** Whether `text` was written by `launcher`. */
export function isOurLauncher(text: string): boolean {
  return text.split('\n')[1] === mark;
}

/** The files that a launcher of ours needs: Node and the program. Empty for any other text. */
export function launcherTargets(text: string): string[] {
  if (!isOurLauncher(text)) return [];
  const line = text.slice(text.indexOf('\nexec ') + 5);
  return [...line.matchAll(/ ('(?:[^']|'\\'')*')/g)].map(([, word]) =>
    (word ?? '').slice(1, -1).replaceAll(`'\\''`, `'`),
  );
}

/** Single quotes take everything literally but themselves (POSIX shell 2.2.2). */
function quoted(word: string): string {
  return `'${word.replaceAll(`'`, `'\\''`)}'`;
}
