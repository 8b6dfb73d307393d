// The token floor on the virtual IDPrime 940: module host, OpenSC, pcscd and vpcd as they are. Needs root; says so where it cannot run.
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { constants, createHash, createPublicKey, randomInt, verify } from 'node:crypto';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { createRequire } from 'node:module';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { ModuleHost } from '../../agent/tokens/module-host.ts';
import { type TokenDescription } from '../../agent/tokens/token.ts';
import { failsWith } from '../agent/tokens/simulated-world.ts';
import {
  type CardDefinition,
  type CardStack,
  cardStackUnavailable,
  findOpenscModule,
  startCardStack,
} from './card-stack.ts';
import { ANNA, BERTIL, inventedCard } from './invented-persons.ts';
import { findInMemory, pinNeedles } from './process-memory.ts';

const atr = Buffer.from('3b7f96000080318065b0855956fb120ffe829000', 'hex');
const message = Buffer.from('what is signed');
const digest = (hash: string): Buffer => createHash(hash).update(message).digest();
const pin = (text: string): Buffer => Buffer.from(text);
const wrongPin = '999999';

const module = findOpenscModule() ?? '';
const reason = cardStackUnavailable() ?? (module === '' ? 'opensc-pkcs11 is missing' : undefined);
const title = 'tokens on the virtual IDPrime 940';
(reason === undefined ? describe : describe.skip)(
  reason === undefined ? title : `${title} (not run: ${reason})`,
  function () {
    this.timeout(30_000);
    let stack: CardStack;
    let host: ModuleHost;
    let cards: Record<'anna' | 'bertil' | 'empty' | 'broken', CardDefinition>;
    const environmentBefore = process.env['PCSCLITE_CSOCK_NAME'];

    before(async () => {
      const [anna, bertil] = await Promise.all([inventedCard(ANNA), inventedCard(BERTIL)]);
      const broken = {
        ...anna,
        id: 'broken',
        label: 'Broken',
        keys: anna.keys.map((key) => ({ ...key, certificate: Buffer.from('no certificate') })),
      };
      cards = { anna, bertil, empty: { ...anna, id: 'empty', label: 'Empty', keys: [] }, broken };
      stack = await startCardStack({ cards });
      process.env['PCSCLITE_CSOCK_NAME'] = stack.environment.PCSCLITE_CSOCK_NAME;
      host = new ModuleHost({ source: { type: 'pkcs11', module }, operationMilliseconds: 4_000 });
      await host.start();
    });

    after(async () => {
      await host.stop();
      if (environmentBefore === undefined) delete process.env['PCSCLITE_CSOCK_NAME'];
      else process.env['PCSCLITE_CSOCK_NAME'] = environmentBefore;
      await stack.stop();
    });

    beforeEach(async () => {
      for (const name of Object.keys(cards)) await stack.setTriesLeft(name, 3);
      if ((await stack.cardIn(0)) === undefined) await stack.insert('anna');
    });

    afterEach(async () => {
      for (const reader of stack.readers) await host.release(reader);
      if ((await stack.cardIn(0)) === 'anna') await stack.resetByOther();
      else if ((await stack.cardIn(0)) !== undefined) await stack.remove(0);
      if ((await stack.cardIn(1)) !== undefined) await stack.remove(1);
      // The readers are looked at every 400 ms: a card that comes back sooner would be the same one.
      await until(async () => (await stack.readerState(0)).present === ((await stack.cardIn(0)) !== undefined));
      await until(async () => (await stack.readerState(1)).empty);
    });

    const bind = async (slot = 0, reset = false): Promise<TokenDescription> => {
      const [token, ...others] = await host.bind(stack.readers[slot] ?? '', atr, reset);
      assert.ok(token);
      assert.deepEqual(others, []);
      return token;
    };
    const sign = (token: TokenDescription): Promise<Uint8Array> =>
      host.sign(token.handle, '0001', 'RS256', digest('sha256'));
    const apdusOf = async (work: () => Promise<unknown>, slot = 0): Promise<number> => {
      await stack.resetCounts(slot);
      await work();
      return (await stack.counts(slot)).apdus;
    };
    const isSignedBy = (card: CardDefinition, signature: Uint8Array): boolean =>
      verify('sha256', message, createPublicKey(card.keys[0]!.privateKey), signature);

    it('reads a card once, with its certificates and what it says of itself', async () => {
      let token: TokenDescription | undefined;
      const apdus = await apdusOf(async () => (token = await bind()));
      assert.ok(token);
      assert.ok(apdus <= 28, `${apdus} APDUs`);
      assert.deepEqual(
        token.certificates.map(({ id, der }) => [id, Buffer.from(der)]),
        cards.anna.keys.map(({ certificate }, at) => [`000${at + 1}`, Buffer.from(certificate)]),
      );
      assert.equal(token.label, 'Anna Testsson');
      assert.deepEqual(token.pin, { state: 'ok', triesLeft: 3 });
      assert.deepEqual(token.mechanisms, ['CKM_RSA_PKCS', 'CKM_RSA_PKCS_PSS']);
      assert.equal(token.protectedAuthenticationPath, false);
      await stack.swap('bertil');
      const other = await bind();
      assert.match(token.identity, /^9f7f2a[\da-f]{84}$/);
      assert.notEqual(other.identity, token.identity);
    });

    it('takes six APDUs from PIN to signature, three for the next signature, and one to read the PIN state', async () => {
      const token = await bind();
      const first = await apdusOf(async () => {
        await host.login(token.handle, pin(ANNA.pin), false);
        await sign(token);
      });
      const second = await apdusOf(() => sign(token));
      const status = await apdusOf(() => host.pinStatus(token.handle));
      assert.deepEqual({ first, second, status }, { first: 6, second: 3, status: 1 });
    });

    it('signs with PKCS#1 v1.5 and PSS over every hash', async () => {
      const token = await bind();
      await host.login(token.handle, pin(ANNA.pin), false);
      const key = createPublicKey(cards.anna.keys[0]!.privateKey);
      for (const bits of ['256', '384', '512'] as const) {
        const hash = `sha${bits}`;
        const rs = await host.sign(token.handle, '0001', `RS${bits}`, digest(hash));
        const ps = await host.sign(token.handle, '0001', `PS${bits}`, digest(hash));
        const pss = { key, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: Number(bits) / 8 };
        assert.deepEqual([verify(hash, message, key, rs), verify(hash, message, pss, ps)], [true, true]);
      }
    });

    it('says how many tries are left after a wrong PIN, and tries nothing again', async () => {
      const { handle } = await bind();
      await assert.rejects(host.login(handle, pin(wrongPin), false), failsWith('ERR_PIN_WRONG', 2));
      assert.equal((await stack.pinState()).triesLeft, 2);
      await host.login(handle, pin(ANNA.pin), false);
      assert.deepEqual(await stack.pinState(), { verified: true, triesLeft: 3, pukTriesLeft: 10 });
    });

    it('wants the last try confirmed, says when it was the last, and sends nothing to a locked card', async () => {
      const { handle } = await bind();
      await stack.setTriesLeft('anna', 1);
      await assert.rejects(host.login(handle, pin(wrongPin), false), failsWith('final-try-unconfirmed', 1));
      assert.equal((await stack.pinState()).triesLeft, 1);
      await assert.rejects(host.login(handle, pin(wrongPin), true), failsWith('ERR_PIN_LOCKED', 0));
      await stack.resetCounts();
      await assert.rejects(host.login(handle, pin(ANNA.pin), true), failsWith('ERR_PIN_LOCKED', 0));
      // The one is the question how the PIN stands.
      assert.deepEqual(await stack.transcript(), ['CA 9F 7F -> 9000', '20 00 11 -> 6983']);
    });

    it('sends no PIN to a card that took the place of another unseen', async () => {
      const { handle } = await bind();
      await stack.swapUnseen('bertil');
      await stack.resetCounts();
      await assert.rejects(host.login(handle, pin(ANNA.pin), false), failsWith('ERR_CARD_CHANGED'));
      assert.deepEqual(await stack.transcript(), ['CA 9F 7F -> 9000', '20 00 11 -> 63C3']);
      assert.equal((await stack.pinState('bertil')).triesLeft, 3);
      assert.equal((await bind(0, true)).label, 'Bertil Provsson');
    });

    it('does not take one card for another when a second reader keeps the module from being started anew', async () => {
      await stack.insert('bertil', 1);
      const bertil = await bind(1);
      const anna = await bind(0);
      await stack.swapUnseen('empty');
      await assert.rejects(host.login(anna.handle, pin(ANNA.pin), false), failsWith('ERR_CARD_CHANGED'));
      assert.equal((await bind(0, true)).label, 'Empty');
      await host.login(bertil.handle, pin(BERTIL.pin), false);
      await stack.swapUnseen('anna');
      // Now a restart would end a login: better no card than the wrong one.
      await assert.rejects(bind(0, true), failsWith('ERR_CARD_FAILED'));
      assert.ok(isSignedBy(cards.bertil, await sign(bertil)));
      await stack.swap('broken');
      assert.equal((await bind(0)).label, 'Broken');
      assert.ok(isSignedBy(cards.bertil, await sign(bertil)));
    });

    it('tells a card that was pulled in the middle of a signature from one that failed', async () => {
      const token = await bind();
      await host.login(token.handle, pin(ANNA.pin), false);
      await stack.removeOn(0x2a);
      await assert.rejects(sign(token), failsWith('ERR_CARD_REMOVED'));
      await stack.insert('anna');
      const again = await bind();
      await assert.rejects(sign(again), failsWith('login-lost'));
      await host.login(again.handle, pin(ANNA.pin), false);
      assert.ok(isSignedBy(cards.anna, await sign(again)));
    });

    it('works again after the smart-card service was stopped and started', async () => {
      const token = await bind();
      await host.login(token.handle, pin(ANNA.pin), false);
      await stack.stopService();
      await assert.rejects(sign(token), failsWith('ERR_CARD_SERVICE'));
      await assert.rejects(bind(), failsWith('ERR_CARD_SERVICE'));
      await stack.startService();
      const again = await bind();
      await host.login(again.handle, pin(ANNA.pin), false);
      assert.ok(isSignedBy(cards.anna, await sign(again)));
    });

    it('has lost its login when another program resets the card, and does not log in again by itself', async () => {
      const token = await bind();
      await host.login(token.handle, pin(ANNA.pin), false);
      await stack.resetByOther();
      await stack.resetCounts();
      await assert.rejects(sign(token), failsWith('login-lost'));
      assert.equal((await stack.counts()).byInstruction['20'] ?? 0, 0);
      assert.equal((await stack.pinState()).verified, false);
    });

    it('leaves a card that has forgotten the PIN when it is locked, and when it is bound anew with a reset', async () => {
      for (const forget of [(token: TokenDescription) => host.lock(token.handle), () => bind(0, true)]) {
        const token = await bind();
        await host.login(token.handle, pin(ANNA.pin), false);
        assert.equal((await stack.pinState()).verified, true);
        await forget(token);
        assert.equal((await stack.pinState()).verified, false);
        await assert.rejects(sign(token), failsWith('ERR_CARD_REMOVED'));
      }
    });

    it('does not take a login for right because somebody is logged in', async () => {
      const { handle } = await bind();
      await host.login(handle, pin(ANNA.pin), false);
      await assert.rejects(host.login(handle, pin(wrongPin), false), failsWith('ERR_PIN_WRONG'));
      assert.equal((await stack.pinState()).triesLeft, 2);
      await assert.rejects(host.sign(handle, '0001', 'RS256', digest('sha256')), failsWith('login-lost'));
    });

    it('signs for the PIN and makes the card forget it, again and again; whoever was logged in before stays so', async () => {
      const { handle } = await bind();
      const order = {
        certificate: '0002',
        algorithm: 'RS256',
        digest: digest('sha256'),
        finalTryConfirmed: false,
      } as const;
      const key = createPublicKey(cards.anna.keys[1]!.privateKey);
      const before = await stack.operations();
      const signForPin = (text = ANNA.pin): Promise<Uint8Array> => host.signWithPin(handle, order, pin(text));
      for (let time = 0; time < 2; time += 1) {
        assert.ok(verify('sha256', message, key, await signForPin()));
        assert.equal((await stack.pinState()).verified, false);
        await assert.rejects(host.sign(handle, '0001', 'RS256', digest('sha256')), failsWith('login-lost'));
      }
      await host.login(handle, pin(ANNA.pin), false);
      assert.ok(verify('sha256', message, key, await signForPin()));
      assert.equal((await stack.pinState()).verified, true);
      const signature = await host.sign(handle, '0001', 'RS256', digest('sha256'));
      assert.ok(isSignedBy(cards.anna, signature));
      await assert.rejects(signForPin(wrongPin), failsWith('ERR_PIN_WRONG', 2));
      await assert.rejects(host.sign(handle, '0001', 'RS256', digest('sha256')), failsWith('login-lost'));
      const after = await stack.operations();
      const made = after.signatures.map((count, at) => count - (before.signatures[at] ?? 0));
      assert.deepEqual([made, (after.verifications[0] ?? 0) - (before.verifications[0] ?? 0)], [[1, 3], 5]);
    });

    it('holds no handle to a card that is released', async () => {
      await bind();
      assert.equal((await stack.readerState()).inUse, true);
      await host.release(stack.readers[0]);
      await until(async () => !(await stack.readerState()).inUse);
    });

    it('ends a driver that waits for a card too long, and can use the card afterwards', async () => {
      const impatient = new ModuleHost({ source: { type: 'pkcs11', module }, operationMilliseconds: 4_000 });
      const bindThere = async (reset: boolean): Promise<TokenDescription> => {
        const [token] = await impatient.bind(stack.readers[0], atr, reset);
        assert.ok(token);
        await impatient.login(token.handle, pin(ANNA.pin), false);
        return token;
      };
      const signThere = ({ handle }: TokenDescription): Promise<Uint8Array> =>
        impatient.sign(handle, '0001', 'RS256', digest('sha256'));
      try {
        await impatient.start();
        const token = await bindThere(false);
        await stack.stallOn(0x2a, 5_500);
        await assert.rejects(signThere(token), failsWith('ERR_AGENT_DRIVER_HUNG'));
        assert.equal((await stack.pinState()).verified, true);
        const again = await bindThere(true);
        assert.ok(isSignedBy(cards.anna, await signThere(again)));
      } finally {
        await impatient.stop();
      }
    });

    it('knows a card of another kind by what PKCS#11 tells, and asks it nothing that could cost a try', async () => {
      const readers = stack.readers[0];
      await stack.resetCounts();
      const [token] = await host.bind(readers, Buffer.from('3b00', 'hex'), false);
      assert.ok(token);
      assert.deepEqual(token.pin, { state: 'ok' });
      await stack.setTriesLeft('anna', 1);
      await assert.rejects(host.login(token.handle, pin(wrongPin), false), failsWith('final-try-unconfirmed'));
      await stack.setTriesLeft('anna', 0);
      await assert.rejects(host.login(token.handle, pin(wrongPin), true), failsWith('ERR_PIN_LOCKED'));
      await stack.swapUnseen('bertil');
      await assert.rejects(host.login(token.handle, pin(wrongPin), true), failsWith('ERR_CARD_CHANGED'));
      assert.equal((await stack.pinState('bertil')).triesLeft, 3);
    });

    it('says when there is no card, and no such reader', async () => {
      await assert.rejects(bind(1), failsWith('ERR_CARD_REMOVED'));
      await assert.rejects(host.bind('No such reader', atr, false), failsWith('ERR_CARD_REMOVED'));
      assert.deepEqual(await host.bind('No such reader', Buffer.alloc(0), false), []);
    });

    describe('in a process of its own', () => {
      let carrier: ChildProcess;
      let lines: AsyncIterator<string>;
      const nextLine = async (): Promise<string> => String((await lines.next()).value);
      const startCarrier = async (slot: number): Promise<number> => {
        const loader = createRequire(import.meta.url).resolve('tsx');
        const program = fileURLToPath(new URL('pin-carrier.ts', import.meta.url));
        carrier = spawn(
          process.execPath,
          ['--import', loader, program, module, stack.readers[slot] ?? '', atr.toString('hex')],
          { stdio: ['pipe', 'pipe', 'inherit'] },
        );
        assert.ok(carrier.stdout);
        lines = createInterface({ input: carrier.stdout })[Symbol.asyncIterator]();
        return Number(await nextLine());
      };

      afterEach(async () => {
        if (carrier.exitCode !== null || carrier.signalCode !== null) return;
        carrier.kill('SIGKILL');
        await once(carrier, 'exit');
      });

      it("leaves no copy of a PIN in its memory or the module host's, be it right or wrong", async () => {
        const right = String(randomInt(10_000_000, 100_000_000));
        const wrong = String(randomInt(10_000_000, 100_000_000));
        const own = await startCardStack({ cards: { carol: { ...cards.anna, pin: right } } });
        const socket = process.env['PCSCLITE_CSOCK_NAME'];
        try {
          await own.insert('carol');
          process.env['PCSCLITE_CSOCK_NAME'] = own.environment.PCSCLITE_CSOCK_NAME;
          const hostPid = await startCarrier(0);
          for (const [value, outcome] of [
            [wrong, /^ERR_PIN_WRONG/],
            [right, /^ok$/],
          ] as const) {
            carrier.stdin?.write(value);
            assert.match(await nextLine(), outcome);
            for (const [name, pid] of [
              ['agent', carrier.pid ?? 0],
              ['module host', hostPid],
            ] as const) {
              assert.deepEqual(findInMemory(pid, pinNeedles(value)), [], name);
            }
          }
        } finally {
          process.env['PCSCLITE_CSOCK_NAME'] = socket;
          await own.stop();
        }
      });

      it('makes the card forget the PIN when the agent is killed', async () => {
        const own = await startCardStack({ cards: { carol: { ...cards.anna, pin: '12345678' } } });
        const socket = process.env['PCSCLITE_CSOCK_NAME'];
        try {
          await own.insert('carol');
          process.env['PCSCLITE_CSOCK_NAME'] = own.environment.PCSCLITE_CSOCK_NAME;
          await startCarrier(0);
          carrier.stdin?.write('12345678');
          assert.equal(await nextLine(), 'ok');
          assert.equal((await own.pinState()).verified, true);
          carrier.kill('SIGKILL');
          await until(async () => !(await own.pinState()).verified);
        } finally {
          process.env['PCSCLITE_CSOCK_NAME'] = socket;
          await own.stop();
        }
      });
    });
  },
);

/** Waits for something that another process is about to notice, two seconds at most. */
async function until(condition: () => Promise<boolean>): Promise<void> {
  const deadline = performance.now() + 2_000;
  while (!(await condition())) {
    assert.ok(performance.now() < deadline, 'it did not come about within two seconds');
    await wait(20);
  }
}
