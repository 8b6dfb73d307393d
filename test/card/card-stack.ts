// A whole card world for a test: virtual cards, vpcd's reader with two slots and a pcscd of its own, in namespaces of their own,
// so that stacks beside each other, the system's pcscd and readers that are plugged in never meet. Needs root on Linux.
import { execFile, spawn, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { chmod, copyFile, mkdir, mkdtemp, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { type CardControl, type PinName } from './card-control.ts';
import { type AnyCardDefinition, toMessage } from './card-definition.ts';
import { CardProgram } from './card-program-client.ts';
import { READERS } from './pcsc-service.ts';

export { type CardDefinition, type TwoPinCardDefinition } from './card-definition.ts';

const run = promisify(execFile);
const DRIVER = '/usr/lib/pcsc/drivers/serial/libifdvpcd.so';
const WINSCARD = '/usr/include/PCSC/winscard.h';
const PROGRAMS = {
  pcscd: 'pcscd',
  gcc: 'build-essential',
  ip: 'iproute2',
  unshare: 'util-linux',
  setpriv: 'util-linux',
};
/** By its address, since the card program starts in another folder (and import.meta.resolve is not there under every loader). */
const TSX = pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href;
const NAMESPACES = ['--net', '--mount', '--fork', '--kill-child'];

/**
 * $1 is the stack's directory. Its `run` takes the place of /run, where pcscd's socket has its fixed place; an empty directory takes the
 * place of the drivers for USB, so that no real reader is taken from the system's own pcscd.
 */
const ENTER_NAMESPACES = `set -e
ip link set lo up
mount --bind "$1/run" /run
mount --bind "$1/no-drivers" /usr/lib/pcsc/drivers
shift
exec "$@"`;

export interface CardStack {
  /** What a PC/SC client needs in its environment to meet this stack's pcscd. */
  readonly environment: Readonly<Record<'PCSCLITE_CSOCK_NAME', string>>;
  /** Reader names by slot. */
  readonly readers: readonly [string, string];
  /** Settles when pcscd has powered the card (at its next look, 0.4 s at most), or at once while the service is stopped. */
  insert(card: string, slot?: number): Promise<void>;
  /** Settles at once: the contacts are open. pcscd notices at its next look. */
  remove(slot?: number): Promise<void>;
  /** Removal that pcscd sees, then insertion: about a second. */
  swap(card: string, slot?: number): Promise<void>;
  /** Another card on the same contacts: pcscd sees no event and no error; the new card is fresh from power-on. */
  swapUnseen(card: string, slot?: number): Promise<void>;
  /** Another card before pcscd looks again, which may see the removal or not. Settles when it has looked. */
  swapWithinOneLook(card: string, slot?: number): Promise<void>;
  /** A contact glitch: the card is there but mute (SCARD_STATE_MUTE, never empty), and well again `ms` later, when this settles. */
  mute(ms: number, slot?: number): Promise<void>;
  /** The two halves of `mute`. Each resets the card, so a PIN that was verified is not any more. */
  setMute(mute: boolean, slot?: number): Promise<void>;
  /** Another program resets the card: handles of others get SCARD_W_RESET_CARD, the PIN is not verified any more. */
  resetByOther(slot?: number): Promise<void>;
  setDelay(msPerApdu: number, slot?: number): Promise<void>;
  /** The next APDU with this INS takes `ms`. */
  stallOn(ins: number, ms: number, slot?: number): Promise<void>;
  /** The card is pulled when the next APDU with this INS has come and before it does anything. */
  removeOn(ins: number, slot?: number): Promise<void>;
  /** The next APDU with this INS does nothing and is answered by this status word. */
  failOn(ins: number, sw: number, slot?: number): Promise<void>;
  counts(slot?: number): ReturnType<CardControl['counts']>;
  /** Forgets counts and transcript. */
  resetCounts(slot?: number): Promise<void>;
  /** "A4 04 0C -> 9000": INS, P1, P2 and the status word; never data, never a PIN. "removed" when there was no answer. */
  transcript(slot?: number): Promise<readonly string[]>;
  /** Which card is in the slot. */
  cardIn(slot?: number): Promise<string | undefined>;
  /** Of the card in a slot, or of any card by its name. Costs no APDU. */
  pinState(where?: string | number, pin?: PinName): ReturnType<CardControl['pinState']>;
  setTriesLeft(where: string | number, tries: number, pin?: PinName): Promise<void>;
  /** Signatures by key and PINs by PIN that the chip has seen since it was made. Costs no APDU; no reset of counts touches it. */
  operations(where?: string | number): ReturnType<CardControl['operations']>;
  /** What pcscd tells its clients. */
  readerState(slot?: number): ReturnType<CardControl['readerState']>;
  /** Cards stay in; they lose their power. */
  stopService(): Promise<void>;
  /** Settles when pcscd answers and has powered the cards that are in. */
  startService(): Promise<void>;
  /** Ends every process of the stack and removes its directory. May be called twice. */
  stop(): Promise<void>;
}

let unavailable: { readonly reason: string | undefined } | undefined;

/** Why a stack cannot run here, as half a sentence for people; undefined when it can. Looks once. */
export function cardStackUnavailable(): string | undefined {
  unavailable ??= { reason: findObstacle() };
  return unavailable.reason;
}

function findObstacle(): string | undefined {
  if (process.platform !== 'linux') return 'the virtual reader needs Linux';
  if (process.getuid?.() !== 0) return 'the virtual reader needs root';
  for (const [program, debianPackage] of Object.entries(PROGRAMS)) {
    if (!onPath(program)) return `${program} is missing (Debian package ${debianPackage})`;
  }
  if (!existsSync(DRIVER)) return `${DRIVER} is missing (Debian package vsmartcard-vpcd)`;
  if (!existsSync(WINSCARD)) return `${WINSCARD} is missing (Debian package libpcsclite-dev)`;
  const trial = spawnSync('unshare', [...NAMESPACES, 'true'], { encoding: 'utf8', timeout: 5000 });
  return trial.status === 0 ? undefined : `namespaces cannot be made here (${trial.stderr.trim()})`;
}

function onPath(program: string): boolean {
  return (process.env['PATH'] ?? '').split(delimiter).some((folder) => existsSync(join(folder, program)));
}

/** OpenSC's PKCS#11 module where Debian puts it; undefined when it is not installed. */
export function findOpenscModule(): string | undefined {
  const folders = ['x86_64-linux-gnu', 'aarch64-linux-gnu', '.'];
  return folders.map((folder) => join('/usr/lib', folder, 'opensc-pkcs11.so')).find((path) => existsSync(path));
}

/**
 * Starts cards (by a name for the test to use), reader and pcscd; no card is in yet. Fails with the reason of `cardStackUnavailable`.
 * A stack that is not stopped ends with the process that started it.
 */
export async function startCardStack(options: {
  readonly cards: Readonly<Record<string, AnyCardDefinition>>;
  readonly slots?: 2;
}): Promise<CardStack> {
  const reason = cardStackUnavailable();
  if (reason !== undefined) throw new Error(`no virtual reader: ${reason}`);
  const cards = Object.fromEntries(Object.entries(options.cards).map(([name, card]) => [name, toMessage(card)]));
  // Not below /run, which the stack covers.
  const directory = await mkdtemp(join(tmpdir().startsWith('/run') ? '/tmp' : tmpdir(), 'kortbro-card-'));
  let program: CardProgram | undefined;
  try {
    program = await startProgram(directory);
    await program.setUp({ directory, cards });
  } catch (error) {
    await program?.stop();
    await rm(directory, { recursive: true, force: true });
    throw error;
  }
  return cardStack(program, directory);
}

async function startProgram(directory: string): Promise<CardProgram> {
  // Other users may reach pcscd's socket, as they may the system's own; nothing secret is in here.
  await chmod(directory, 0o755);
  await mkdir(join(directory, 'run'));
  await mkdir(join(directory, 'no-drivers'));
  const source = (name: string): string => fileURLToPath(new URL(name, import.meta.url));
  const built = (name: string): string => join(directory, name);
  await Promise.all([
    copyFile(DRIVER, built('vpcd.so')),
    run('gcc', ['-O1', '-shared', '-fPIC', '-o', built('nodelay.so'), source('nodelay.c'), '-ldl']),
    run('gcc', ['-O1', '-I/usr/include/PCSC', '-o', built('pcsc-probe'), source('pcsc-probe.c'), '-lpcsclite']),
  ]);
  const node = [process.execPath, '--import', TSX, source('card-program.ts')];
  return new CardProgram(
    spawn('unshare', [...NAMESPACES, 'sh', '-c', ENTER_NAMESPACES, 'sh', directory, ...node], {
      stdio: ['pipe', 'pipe', 'pipe'],
      cwd: '/',
    }),
  );
}

function cardStack(program: CardProgram, directory: string): CardStack {
  const setMute = (mute: boolean, slot = 0): Promise<void> => program.call('setMute', mute, slot);
  return {
    environment: { PCSCLITE_CSOCK_NAME: join(directory, 'run', 'pcscd', 'pcscd.comm') },
    readers: READERS,
    insert: (card, slot = 0) => program.call('insert', card, slot),
    remove: (slot = 0) => program.call('remove', slot),
    swap: (card, slot = 0) => program.call('swap', card, slot),
    swapUnseen: (card, slot = 0) => program.call('swapUnseen', card, slot),
    swapWithinOneLook: (card, slot = 0) => program.call('swapWithinOneLook', card, slot),
    mute: async (ms, slot = 0) => {
      await setMute(true, slot);
      await wait(ms);
      await setMute(false, slot);
    },
    setMute,
    resetByOther: (slot = 0) => program.call('resetByOther', slot),
    setDelay: (msPerApdu, slot = 0) => program.call('setDelay', msPerApdu, slot),
    stallOn: (ins, ms, slot = 0) => program.call('stallOn', ins, ms, slot),
    removeOn: (ins, slot = 0) => program.call('removeOn', ins, slot),
    failOn: (ins, sw, slot = 0) => program.call('failOn', ins, sw, slot),
    counts: (slot = 0) => program.call('counts', slot),
    resetCounts: (slot = 0) => program.call('resetCounts', slot),
    transcript: (slot = 0) => program.call('transcript', slot),
    cardIn: (slot = 0) => program.call('cardIn', slot),
    pinState: (where = 0, pin = 'authentication') => program.call('pinState', where, pin),
    setTriesLeft: (where, tries, pin = 'authentication') => program.call('setTriesLeft', where, tries, pin),
    operations: (where = 0) => program.call('operations', where),
    readerState: (slot = 0) => program.call('readerState', slot),
    stopService: () => program.call('stopService'),
    startService: () => program.call('startService'),
    stop: async () => {
      await program.stop();
      await rm(directory, { recursive: true, force: true });
    },
  };
}
