// A simulator directory with two cards, for the tests of this folder: keys made at run time, certificates that are only bytes.
import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ModuleHost } from '../../../agent/tokens/module-host.ts';
import { writeSimulatedCard } from '../../../agent/tokens/simulator/simulated-card-file.ts';
import { SimulatorControl } from '../../../agent/tokens/simulator/simulator-control.ts';
import { type TokenDescription, TokenError, type TokenFailure } from '../../../agent/tokens/token.ts';

export const firstReader = 'Simulated reader 1';
export const secondReader = 'Simulated reader 2';
export const rightPin = '246810';
export const wrongPin = '111111';

export interface SimulatedWorld {
  directory: string;
  control: SimulatorControl;
  publicKeys: Record<'anna' | 'bertil', KeyObject>;
  rsaKey: KeyObject;
  remove(): void;
}

let rsa: { publicKey: KeyObject; privateKey: KeyObject } | undefined;

export function makeWorld(options: { signMilliseconds?: number } = {}): SimulatedWorld {
  const directory = mkdtempSync(join(tmpdir(), 'kortbro-sim-'));
  rsa ??= generateKeyPairSync('rsa', { modulusLength: 2048 });
  const keys = {
    anna: generateKeyPairSync('ec', { namedCurve: 'prime256v1' }),
    bertil: generateKeyPairSync('ec', { namedCurve: 'prime256v1' }),
  };
  for (const name of ['anna', 'bertil'] as const) {
    writeSimulatedCard(directory, name, {
      label: `Card of ${name}`,
      serialNumber: `00${name}`,
      pin: rightPin,
      ...options,
      certificates: [
        { id: '01', label: 'Legitimering', certificate: Buffer.from(`certificate of ${name}`), key: pem(keys[name]) },
        { id: '02', label: 'RSA', certificate: Buffer.from('another'), key: pem(rsa) },
        { id: '03', label: 'too large', certificate: Buffer.alloc(9000), key: pem(rsa) },
      ],
    });
  }
  return {
    directory,
    control: new SimulatorControl(directory),
    publicKeys: { anna: keys.anna.publicKey, bertil: keys.bertil.publicKey },
    rsaKey: rsa.publicKey,
    remove: () => rmSync(directory, { recursive: true }),
  };
}

export function hostOf(
  world: SimulatedWorld,
  options: { operationMilliseconds?: number; restartPause?: (failures: number) => number } = {},
): ModuleHost {
  return new ModuleHost({
    source: { type: 'simulator', directory: world.directory },
    operationMilliseconds: 20_000,
    ...options,
  });
}

/** Binds the card in a reader that holds one token. */
export async function bindOne(host: ModuleHost, reader = firstReader, reset = false): Promise<TokenDescription> {
  const [token, ...others] = await host.bind(reader, new Uint8Array(), reset);
  if (token === undefined || others.length > 0) throw new Error('one token was expected');
  return token;
}

/** For assert.rejects: a TokenError with this failure, and these tries left if any are given. */
export function failsWith(failure: TokenFailure, triesLeft?: number): (error: unknown) => boolean {
  return (error) => {
    if (!(error instanceof TokenError)) throw error;
    if (error.failure !== failure) throw new Error(`${failure} was expected and not ${error.message}`);
    if (triesLeft !== undefined && error.triesLeft !== triesLeft) throw new Error(`${error.triesLeft} tries were told`);
    return true;
  };
}

function pem({ privateKey }: { privateKey: KeyObject }): string {
  return privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
}
