// The virtual IDPrime 940 through the real pcscd, vpcd and OpenSC. Needs root and Debian's packages; says so where it cannot run.
import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { constants, createPublicKey, type KeyObject, verify, X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import {
  type CardDefinition,
  type CardStack,
  cardStackUnavailable,
  findOpenscModule,
  startCardStack,
} from './card-stack.ts';
import { ANNA, BERTIL, inventedCard, PUK } from './invented-persons.ts';

const run = promisify(execFile);
const opensc = findOpenscModule();
const reason = cardStackUnavailable() ?? (opensc === undefined ? 'opensc-pkcs11 is missing' : undefined);
const title = 'the virtual IDPrime 940 behind pcscd and OpenSC';
(reason === undefined ? describe : describe.skip)(
  reason === undefined ? title : `${title} (not run: ${reason})`,
  () => {
    let stack: CardStack;
    let anna: CardDefinition;
    let bertil: CardDefinition;
    let folder: string;

    const client = (program: string, ...words: string[]): Promise<{ stdout: string; stderr: string }> =>
      run(program, words, { env: { ...process.env, ...stack.environment } });
    const pkcs11 = (...words: string[]) => client('pkcs11-tool', '--module', opensc ?? '', ...words);
    const list = () => pkcs11('--list-slots');
    const login = (pin: string) => pkcs11('--login', '--pin', pin, '--list-objects');
    /** GET DATA 9F7F as any program may send it, in pairs of hex digits. */
    const identity = async (): Promise<string> => {
      const { stdout } = await client('opensc-tool', '--card-driver', 'default', '--send-apdu', '00:CA:9F:7F:2D');
      return /SW1=0x90, SW2=0x00\):\n([\s\S]*)/.exec(stdout)?.[1] ?? '';
    };
    const sign = async (pin: string, mechanism: string): Promise<Buffer> => {
      await writeFile(join(folder, 'message'), 'a message');
      const files = ['--input-file', join(folder, 'message'), '--output-file', join(folder, 'signature')];
      await pkcs11('--login', '--pin', pin, '--sign', '--id', '0001', '--mechanism', mechanism, ...files);
      return readFile(join(folder, 'signature'));
    };
    const publicKey = (card: CardDefinition): KeyObject => createPublicKey(card.keys[0]!.privateKey);

    before(async function () {
      this.timeout(30_000);
      folder = await mkdtemp(join(tmpdir(), 'kortbro-card-test-'));
      [anna, bertil] = await Promise.all([inventedCard(ANNA), inventedCard(BERTIL)]);
      const broken = {
        ...anna,
        id: 'broken',
        keys: [{ ...anna.keys[0]!, certificate: Buffer.from('no certificate') }],
      };
      const cards = {
        anna,
        bertil,
        locked: { ...anna, id: 'locked', triesLeft: 0 },
        bare: { ...anna, id: 'bare', keys: [] },
      };
      stack = await startCardStack({ cards: { ...cards, broken } });
    });

    afterEach(async () => {
      await stack.setDelay(0);
      for (const slot of [0, 1]) {
        if ((await stack.cardIn(slot)) !== undefined) await stack.remove(slot);
      }
      for (const card of ['anna', 'bertil']) await stack.setTriesLeft(card, 3);
      await stack.resetCounts();
    });

    after(async () => {
      await stack.stop();
      await rm(folder, { recursive: true, force: true });
      assert.equal(existsSync(dirname(stack.environment.PCSCLITE_CSOCK_NAME)), false);
    });

    it('shows two readers, and a card only where one was put in', async () => {
      await stack.insert('bertil', 1);
      const { stdout } = await list();
      assert.match(stdout, /Slot 0 .*: Virtual PCD 00 00\n\s+\(empty\)/);
      assert.match(stdout, /Slot 1 .*: Virtual PCD 00 01\n\s+token label\s+: Bertil Provsson\n/);
    });

    it('lists both certificates of the card', async () => {
      await stack.insert('anna');
      for (const [index, key] of anna.keys.entries()) {
        const file = join(folder, 'certificate');
        await pkcs11('--read-object', '--type', 'cert', '--id', `000${index + 1}`, '--output-file', file);
        assert.deepEqual(new X509Certificate(await readFile(file)).raw, Buffer.from(key.certificate));
      }
    });

    for (const [mechanism, padding] of [
      ['SHA256-RSA-PKCS', constants.RSA_PKCS1_PADDING],
      ['SHA256-RSA-PKCS-PSS', constants.RSA_PKCS1_PSS_PADDING],
    ] as const) {
      it(`logs in and signs with ${mechanism}`, async () => {
        await stack.insert('anna');
        const signature = await sign(ANNA.pin, mechanism);
        assert.ok(verify('sha256', Buffer.from('a message'), { key: publicKey(anna), padding }, signature));
      });
    }

    it('costs the known APDUs: some 26 to begin with, one a login, three a signature', async () => {
      await stack.insert('anna');
      await list();
      const begin = (await stack.transcript()).filter((line) => !line.startsWith('20'));
      assert.ok(begin.length >= 22 && begin.length <= 28, `${begin.length} APDUs`);
      const { apdus, byInstruction } = await stack.counts();
      assert.equal(apdus, begin.length + 1);
      assert.equal(byInstruction['20'], 1);
      await stack.resetCounts();
      await sign(ANNA.pin, 'SHA256-RSA-PKCS');
      const transcript = await stack.transcript();
      assert.deepEqual(transcript.slice(-4), [
        '20 00 11 -> 9000',
        '22 41 B6 -> 9000',
        '2A 90 A0 -> 9000',
        '2A 9E 9A -> 9000',
      ]);
      assert.equal(transcript.filter((line) => !/^20|^2[2A]/.test(line)).length, begin.length);
    });

    it('takes an artificial delay per APDU, and hardly any time without one', async () => {
      await stack.insert('anna');
      const timed = async (): Promise<number> => {
        const start = performance.now();
        await list();
        return performance.now() - start;
      };
      const quick = await timed();
      const { apdus } = await stack.counts();
      // With Nagle's algorithm in the way it would be some 44 ms for each.
      assert.ok(quick / apdus < 25, `${quick} ms for ${apdus} APDUs`);
      await stack.setDelay(30);
      const slow = await timed();
      assert.ok(slow >= 30 * apdus, `${slow} ms for ${apdus} APDUs`);
    });

    it('tells whether the PIN is verified, which ends when the card is pulled', async () => {
      await stack.insert('anna');
      assert.deepEqual(await stack.pinState(), { verified: false, triesLeft: 3, pukTriesLeft: 10 });
      await login(ANNA.pin);
      assert.equal((await stack.pinState()).verified, true);
      await stack.remove();
      assert.equal((await stack.pinState('anna')).verified, false);
    });

    it('counts wrong PINs down, flags it, and locks', async () => {
      await stack.insert('anna');
      for (const [triesLeft, flag] of [
        [2, undefined],
        [1, 'final user PIN try'],
        [0, 'user PIN locked'],
      ] as const) {
        await assert.rejects(login('000000'), /CKR_PIN_(INCORRECT|LOCKED)/);
        assert.equal((await stack.pinState()).triesLeft, triesLeft);
        const { stdout } = await list();
        for (const other of ['final user PIN try', 'user PIN locked']) {
          assert.equal(stdout.includes(other), other === flag, `${triesLeft} left: ${stdout}`);
        }
      }
      await assert.rejects(login(ANNA.pin), /CKR_PIN_LOCKED/);
    });

    it('changes the PIN', async () => {
      await stack.insert('bertil');
      await pkcs11('--login', '--pin', BERTIL.pin, '--change-pin', '--new-pin', '13572468');
      await assert.rejects(login(BERTIL.pin), /CKR_PIN_INCORRECT/);
      await pkcs11('--login', '--pin', '13572468', '--change-pin', '--new-pin', BERTIL.pin);
      await login(BERTIL.pin);
    });

    it('can be locked from the start', async () => {
      await stack.insert('locked');
      assert.match((await list()).stdout, /user PIN locked/);
      assert.equal((await stack.pinState()).triesLeft, 0);
    });

    it('can be without certificates, or with one that does not parse', async () => {
      await stack.insert('bare');
      await stack.insert('broken', 1);
      for (const slot of ['0', '1']) {
        const { stdout } = await pkcs11('--slot-index', slot, '--list-objects');
        assert.doesNotMatch(stdout, /Certificate Object/);
      }
    });

    it('shows removal, insertion and swap to PC/SC', async () => {
      await stack.insert('anna');
      const first = await stack.readerState();
      assert.ok(first.present && !first.empty);
      await stack.remove();
      await until(async () => (await stack.readerState()).empty);
      await stack.insert('anna');
      assert.equal((await stack.readerState()).events, first.events + 2);
      await stack.swap('bertil');
      assert.equal((await stack.readerState()).events, first.events + 4);
      assert.match((await list()).stdout, /Bertil Provsson/);
    });

    it('shows even a removal and insertion that come at once', async () => {
      await stack.insert('anna');
      const { events } = await stack.readerState();
      await stack.remove();
      await stack.insert('bertil');
      assert.equal((await stack.readerState()).events, events + 2);
    });

    it('hides an unseen swap from PC/SC: only the identity tells', async () => {
      await stack.insert('anna');
      await login(ANNA.pin);
      const [before, first] = [await stack.readerState(), await identity()];
      await stack.swapUnseen('bertil');
      await wait(900);
      assert.deepEqual(await stack.readerState(), before);
      assert.equal(await stack.cardIn(), 'bertil');
      assert.equal((await stack.pinState('anna')).verified, false);
      assert.equal((await stack.pinState()).verified, false);
      const second = await identity();
      assert.match(second, /^9F 7F 2A /);
      assert.notEqual(second, first);
    });

    it('is mute for a while without ever being gone', async () => {
      await stack.insert('anna');
      const before = await stack.readerState();
      assert.equal(before.mute, false);
      await stack.setMute(true);
      assert.deepEqual(await stack.readerState(), { ...before, mute: true });
      await stack.setMute(false);
      assert.deepEqual(await stack.readerState(), before);
      const glitch = stack.mute(700);
      await until(async () => (await stack.readerState()).mute);
      await glitch;
      assert.deepEqual(await stack.readerState(), before);
      await login(ANNA.pin);
    });

    it('loses its verification to a reset by another program', async () => {
      await stack.insert('anna');
      await login(ANNA.pin);
      await stack.resetByOther();
      assert.equal((await stack.pinState()).verified, false);
      assert.equal((await stack.readerState()).present, true);
    });

    it('can stall in the middle of a signature', async () => {
      await stack.insert('anna');
      await stack.stallOn(0x2a, 700);
      const start = performance.now();
      await sign(ANNA.pin, 'SHA256-RSA-PKCS');
      assert.ok(performance.now() - start >= 700);
    });

    it('can be pulled in the middle of a signature, and of a login without a try being spent', async () => {
      await stack.insert('anna');
      await stack.removeOn(0x2a);
      await assert.rejects(sign(ANNA.pin, 'SHA256-RSA-PKCS'));
      assert.equal((await stack.transcript()).at(-1), '2A 90 A0 -> removed');
      assert.equal(await stack.cardIn(), undefined);
      await stack.insert('anna');
      await stack.removeOn(0x20);
      await assert.rejects(login('000000'));
      assert.equal((await stack.pinState('anna')).triesLeft, 3);
    });

    it('outlives the smart-card service, without its verification', async () => {
      await stack.insert('anna');
      await login(ANNA.pin);
      await stack.stopService();
      assert.equal((await stack.pinState()).verified, false);
      await assert.rejects(identity());
      await stack.startService();
      assert.match((await list()).stdout, /Anna Testsson/);
    });

    it('refuses what no hand could do', async () => {
      await assert.rejects(stack.remove(), /has no card/);
      await assert.rejects(stack.insert('nobody'), /no card "nobody"/);
      await stack.insert('anna');
      await assert.rejects(stack.insert('anna', 1), /in a slot already/);
      await assert.rejects(stack.insert('bertil'), /has a card already/);
      await assert.rejects(stack.insert('bertil', 2), /no slot 2/);
    });

    it('never meets the cards of another stack', async () => {
      const other = await startCardStack({ cards: { bertil } });
      try {
        await other.insert('bertil');
        assert.equal((await stack.readerState()).empty, true);
        assert.equal((await other.readerState()).present, true);
        assert.match((await list()).stdout, /Slot 0 .*\n\s+\(empty\)/);
      } finally {
        await other.stop();
      }
    });

    it('leaves nothing behind when the process that started it is killed', async () => {
      const script = `
      const { startCardStack } = await import('${pathToFileURL(join(import.meta.dirname, 'card-stack.ts')).href}');
      const stack = await startCardStack({ cards: {} });
      process.stdout.write(stack.environment.PCSCLITE_CSOCK_NAME);
      setInterval(() => undefined, 1000);`;
      const words = ['--import', 'tsx', '--input-type=module', '--eval', script];
      const starter = spawn(process.execPath, words, { stdio: ['ignore', 'pipe', 'inherit'] });
      const [socket] = (await once(starter.stdout, 'data')) as [Buffer];
      assert.ok(existsSync(socket.toString()));
      starter.kill('SIGKILL');
      await until(() => Promise.resolve(!existsSync(dirname(dirname(dirname(socket.toString()))))));
    });

    it('writes neither PIN nor PUK nor data into its transcript', async () => {
      await stack.insert('anna');
      await sign(ANNA.pin, 'SHA256-RSA-PKCS');
      const transcript = await stack.transcript();
      assert.ok(transcript.length > 20);
      for (const line of transcript) assert.match(line, /^[\dA-F]{2} [\dA-F]{2} [\dA-F]{2} -> [\dA-F]{4}$/);
      const words = transcript.join();
      for (const secret of [ANNA.pin, PUK, Buffer.from(ANNA.pin).toString('hex')]) assert.ok(!words.includes(secret));
    });
  },
);

/** Looks again and again, for what another process will have done within its own time. */
async function until(condition: () => Promise<boolean>): Promise<void> {
  const deadline = performance.now() + 5000;
  while (!(await condition())) {
    assert.ok(performance.now() < deadline, 'it did not happen within 5 s');
    await wait(20);
  }
}
