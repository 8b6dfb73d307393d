// A Windows program with one reader watch, spoken with over a connection to this machine: no pipe of Unix's leads into Wine.
import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { type WineProcess } from '../lane/wine.ts';
import { EventLog } from '../../agent/native/event-log.ts';
import { ChildError, type PcscMessage, type PcscRequest, type SeenPicture } from '../../agent/native/pcsc-child.ts';
import { forwardPath, project, type WindowsProgram } from './windows-program.ts';

type Answer = Exclude<PcscMessage, { picture: SeenPicture }>;
/** Of each kind of request what is beside its number. */
type Call<Request = PcscRequest> = Request extends PcscRequest ? Omit<Request, 'id'> : never;

export class PcscUnderWine {
  readonly pictures = new EventLog<SeenPicture>();
  readonly #answers = new EventLog<Answer>();
  readonly #process: WineProcess;
  readonly #socket: Socket;
  #id = 0;

  private constructor(process: WineProcess, socket: Socket) {
    this.#process = process;
    this.#socket = socket;
    socket.on('error', () => undefined);
    createInterface({ input: socket }).on('line', (line) => {
      const message = JSON.parse(line) as PcscMessage;
      if ('picture' in message) this.pictures.add(message.picture);
      else this.#answers.add(message);
    });
  }

  static async start({ wine, node }: WindowsProgram): Promise<PcscUnderWine> {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    const port = typeof address === 'object' ? String(address?.port) : '';
    const process = wine.start(node(forwardPath(join(project, 'test/windows/native/pcsc-program.ts')), port));
    const early = process.ended.then(() => Promise.reject(new Error(`it did not start: ${process.output()}`)));
    const [socket] = (await Promise.race([once(server, 'connection'), early])) as [Socket];
    early.catch(() => undefined);
    server.close();
    return new PcscUnderWine(process, socket);
  }

  async #call(call: Call): Promise<readonly string[]> {
    const id = ++this.#id;
    this.#socket.write(`${JSON.stringify({ ...call, id })}\n`);
    const answer = await this.#answers.next(`call ${id} is answered`, (candidate) => candidate.id === id, 15_000);
    if ('code' in answer) throw new ChildError(answer.code, answer.text);
    return answer.answers;
  }

  /** APDUs and answers in hex. */
  transmit(reader: string, apdus: readonly string[]): Promise<readonly string[]> {
    return this.#call({ what: 'transmit', reader, apdus });
  }

  async reset(reader: string): Promise<void> {
    await this.#call({ what: 'reset', reader });
  }

  /** Stops the watch; the program then has nothing left to do, and its exit code comes. */
  async stop(): Promise<number> {
    await this.#call({ what: 'stop' });
    this.#socket.destroy();
    return this.#process.ended;
  }

  async kill(): Promise<void> {
    await this.#process.kill();
    this.#socket.destroy();
  }
}
