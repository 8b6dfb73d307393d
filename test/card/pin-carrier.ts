// Stands for an agent that is handed PINs as bytes: binds the card in a reader, then logs in with each eight bytes from its stdin, or
// signs with them where a certificate is named. Prints a line for each step. Its memory, and the module host's, are looked through.
import { readSync } from 'node:fs';
import { ModuleHost } from '../../agent/tokens/module-host.ts';

const [module = '', reader = '', atr = '', certificate] = process.argv.slice(2);
const host = new ModuleHost({ source: { type: 'pkcs11', module }, operationMilliseconds: 20_000 });
await host.start();
const tokens = await host.bind(reader, Buffer.from(atr, 'hex'), false);
const token = tokens.find(
  ({ certificates }) => certificate === undefined || certificates.some(({ id }) => id === certificate),
);
if (token === undefined) throw new Error('no token');
process.stdout.write(`${host.processId ?? 0}\n`);
for (;;) {
  // Outside V8's heap, as every Buffer for a PIN has to be: see agent/tokens/README.md.
  const pin = Buffer.from(new ArrayBuffer(8));
  if (readSync(0, pin, 0, 8, null) < 8) break;
  const outcome = await use(token.handle, pin).then(
    () => 'ok',
    (error: unknown) => (error instanceof Error ? error.message : 'failed'),
  );
  process.stdout.write(`${outcome}\n`);
}
await host.stop();

async function use(handle: string, pin: Uint8Array): Promise<void> {
  if (certificate === undefined) return host.login(handle, pin, true);
  const digest = Buffer.alloc(32, 1);
  await host.signWithPin(handle, { certificate, algorithm: 'ES256', digest, finalTryConfirmed: true }, pin);
}
