// The native host as a child process: whole messages in and out, the way a browser speaks to it.
import { spawn } from 'node:child_process';
import { encodeFrame, FrameReader } from '../../shared/framing.ts';
import { limits } from '../../shared/limits.ts';
import { parseAgentMessage, type AgentMessage, type ClientMessage } from '../../shared/messages.ts';
import { parseStrictJsonBytes } from '../../shared/strict-json.ts';

/** An open way to the agent. */
export interface HostProcess {
  send(message: ClientMessage): void;
  /** Closes the host's input; it then ends by itself. */
  close(): void;
}

export interface HostListener {
  message(message: AgentMessage): void;
  /** The host has ended, or said what cannot be understood. Nothing more comes. */
  ended(): void;
}

/** Opens the way. */
export type OpenHost = (listener: HostListener) => HostProcess;

/**
 * Starts the native host, in the role of a command.
 * In a process group of its own: Ctrl-C at the terminal reaches this program alone, so that a cancel can still be sent.
 */
export function openHostProcess([program = '', ...words]: readonly string[]): OpenHost {
  return (listener) => {
    const child = spawn(program, words, {
      detached: true,
      stdio: ['pipe', 'pipe', 'ignore'],
      windowsHide: true,
    });
    const reader = new FrameReader(limits.messageToBrowser);
    let over = false;
    const end = () => {
      if (over) return;
      over = true;
      child.stdin.end();
      child.stdout.destroy();
      child.unref();
      listener.ended();
    };
    child.once('error', end);
    // Not 'exit': what the host wrote last may still be on its way then.
    child.once('close', end);
    child.stdin.on('error', end);
    child.stdout.on('error', end);
    child.stdout.on('data', (chunk: Buffer) => {
      try {
        for (const body of reader.push(chunk))
          if (!over) listener.message(parseAgentMessage(parseStrictJsonBytes(body)));
      } catch {
        end();
      }
    });
    return {
      send: (message) => {
        if (!over)
          child.stdin.write(encodeFrame(new TextEncoder().encode(JSON.stringify(message)), limits.messageToHost));
      },
      close: () => {
        if (over) return;
        over = true;
        child.stdin.end();
        child.stdout.destroy();
        child.unref();
      },
    };
  };
}
