// Makes the stand-ins for DLLs of the system, and speaks with the one in this very process.
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { createInterface, type Interface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const headers = join(dirname(createRequire(import.meta.url).resolve('pkcs11js')), 'includes/pkcs11');

/** Compiles a source that stands here into a DLL or program of Windows, on Linux. */
export function buildForWindows(source: string, outfile: string): void {
  const flags = ['-O1', '-Wall', '-Wextra', '-Werror', '-DUNICODE', '-D_WIN32_WINNT=0x0A00', '-isystem', headers];
  const kind = outfile.endsWith('.dll') ? '-shared' : '-municode';
  const path = fileURLToPath(new URL(source, import.meta.url));
  execFileSync('x86_64-w64-mingw32-gcc-posix', [...flags, kind, '-o', outfile, path, '-ladvapi32']);
}

/** The strings of a stand-in that is loaded in this process; it is when the addon has first used it. */
export class FakeDll {
  readonly #socket: Socket;
  readonly #lines: AsyncIterator<string, undefined>;
  readonly #interface: Interface;

  private constructor(socket: Socket) {
    this.#socket = socket;
    this.#interface = createInterface({ input: socket });
    this.#lines = this.#interface[Symbol.asyncIterator]();
  }

  static async find(name: string): Promise<FakeDll> {
    for (const deadline = performance.now() + 5000; ;) {
      const socket = connect(`\\\\.\\pipe\\kortbro-fake-${name}-${process.pid}`);
      try {
        await once(socket, 'connect');
        return new FakeDll(socket);
      } catch (error) {
        // Its thread has not come to make the pipe yet.
        if (performance.now() > deadline) throw error;
        await new Promise((resolve) => setTimeout(resolve, 10));
      }
    }
  }

  /** Settles with its answer when it has obeyed. */
  async obey(order: string): Promise<string> {
    this.#socket.write(`${order}\n`);
    const { value } = await this.#lines.next();
    if (value === undefined || value === 'what?') throw new Error(`the stand-in does not know "${order}"`);
    return value;
  }

  close(): void {
    this.#interface.close();
    this.#socket.destroy();
  }
}
