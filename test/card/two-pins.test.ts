// A card with two PINs through module host, OpenSC, pcscd and vpcd as they are: two tokens of one card, of which the second signs for
// its PIN alone, once each time. Needs root; says so where it cannot run.
import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { constants, createHash, createPublicKey, type KeyObject, randomInt, verify } from 'node:crypto';
import { once } from 'node:events';
import { createRequire } from 'node:module';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { bindCard } from '../../agent/cards/bind-card.ts';
import { type BoundToken } from '../../agent/cards/bound-token.ts';
import { signWithPin } from '../../agent/cards/signature-key.ts';
import { ModuleHost } from '../../agent/tokens/module-host.ts';
import { type SignatureAlgorithm } from '../../agent/tokens/token.ts';
import { until } from '../../demo/demo-agent.ts';
import { failsWith } from '../agent/tokens/simulated-world.ts';
import { signatureKeys, type SignatureKey } from '../support/signature-keys.ts';
import { twoPinCard, type TwoPinTestCard, virtualTwoPinCard } from '../support/test-cards.ts';
import {
  type CardStack,
  cardStackUnavailable,
  findOpenscModule,
  startCardStack,
  type TwoPinCardDefinition,
} from './card-stack.ts';
import { findInMemory, pinNeedles } from './process-memory.ts';

const run = promisify(execFile);
const atr = Buffer.from('3bf59600008031fe454d7945494414', 'hex');
const message = Buffer.from('what is signed');
const wrongPin = '00000000';
/** PSO, VERIFY, GET DATA. */
const [signs, verifies, tells] = [0x2a, 0x20, 0xca];

const module = findOpenscModule() ?? '';
const reason = cardStackUnavailable() ?? (module === '' ? 'opensc-pkcs11 is missing' : undefined);
const title = 'a virtual card with two PINs';
(reason === undefined ? describe : describe.skip)(
  reason === undefined ? title : `${title} (not run: ${reason})`,
  function () {
    this.timeout(30_000);
    let stack: CardStack;
    let host: ModuleHost;
    let anna: TwoPinTestCard;
    let bertil: TwoPinTestCard;
    const environmentBefore = process.env['PCSCLITE_CSOCK_NAME'];

    before(async function () {
      this.timeout(60_000);
      anna = await twoPinCard('anna', {
        authentication: ['rsa-2048', 'rsa-3072', 'ec-p256', 'ec-p384'],
        signature: ['rsa-2048', 'rsa-3072', 'ec-p256', 'ec-p384'],
      });
      bertil = await twoPinCard('bertil', { authentication: ['ec-p256'], signature: ['ec-p256'] });
      const lenient = (): TwoPinCardDefinition => {
        const card = virtualTwoPinCard(bertil);
        return { ...card, id: 'lenient', signature: { ...card.signature, alwaysAuthenticate: false } };
      };
      const cards = { anna: virtualTwoPinCard(anna), bertil: virtualTwoPinCard(bertil), lenient: lenient() };
      stack = await startCardStack({ cards });
      process.env['PCSCLITE_CSOCK_NAME'] = stack.environment.PCSCLITE_CSOCK_NAME;
      host = new ModuleHost({ source: { type: 'pkcs11', module }, operationMilliseconds: 6_000 });
      await host.start();
    });

    after(async () => {
      await host.stop();
      if (environmentBefore === undefined) delete process.env['PCSCLITE_CSOCK_NAME'];
      else process.env['PCSCLITE_CSOCK_NAME'] = environmentBefore;
      await stack.stop();
    });

    afterEach(async () => {
      await host.release(stack.readers[0]);
      for (const card of ['anna', 'bertil', 'lenient']) {
        await stack.setTriesLeft(card, 3);
        await stack.setTriesLeft(card, 3, 'signature');
      }
      if ((await stack.cardIn()) !== undefined) await stack.remove();
      await until(async () => (await stack.readerState()).empty, 5_000, 'the reader is not empty');
    });

    /** The tokens of a card that is put in, as the agent binds them: the one for login, the one for signatures. */
    const bind = async (card: 'anna' | 'bertil' | 'lenient'): Promise<[BoundToken, BoundToken]> => {
      if ((await stack.cardIn()) !== card) await stack.insert(card);
      const place = { reader: stack.readers[0], generation: '1', atr, gone: new AbortController().signal };
      const bound = await bindCard(place, [host], false);
      assert.ok(Array.isArray(bound), JSON.stringify(bound));
      const [login, signature, ...others] = bound;
      assert.ok(login !== undefined && signature !== undefined && others.length === 0);
      return [login, signature];
    };
    const bytesOf = (pin: string): Buffer => Buffer.from(pin);
    const digestFor = (algorithm: SignatureAlgorithm): Buffer =>
      createHash(`sha${algorithm.slice(2)}`)
        .update(message)
        .digest();
    /** Certificates of issuers are listed among the others. */
    const loginKeys = ({ keys }: BoundToken): string[] =>
      keys.filter(({ certificate }) => certificate.usage === 'authentication').map(({ id }) => id);
    const keyOf = (token: BoundToken, at = 0): SignatureKey => {
      const key = signatureKeys([token])[at];
      assert.ok(key);
      return key;
    };
    const sign = (
      key: SignatureKey,
      pin: string,
      algorithm: SignatureAlgorithm = 'ES256',
      finalTryConfirmed = false,
      signal = new AbortController().signal,
    ): Promise<Uint8Array> =>
      signWithPin(key, { algorithm, digest: digestFor(algorithm), finalTryConfirmed }, bytesOf(pin), signal);
    const isSigned = (key: KeyObject, algorithm: SignatureAlgorithm, signature: Uint8Array): boolean => {
      const hash = `sha${algorithm.slice(2)}`;
      const options = {
        ES: { key, dsaEncoding: 'ieee-p1363' as const },
        PS: { key, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: Number(algorithm.slice(2)) / 8 },
        RS: { key, padding: constants.RSA_PKCS1_PADDING },
      }[algorithm.slice(0, 2) as 'ES' | 'PS' | 'RS'];
      return verify(hash, message, options, signature);
    };
    const publicKey = (card: TwoPinTestCard, pin: 'authentication' | 'signature', at = 0): KeyObject =>
      createPublicKey(card[pin].keys[at]!.privateKey);
    const pins = async (card = 'bertil') => {
      const [login, signature] = [await stack.pinState(card), await stack.pinState(card, 'signature')];
      return {
        verified: [login.verified, signature.verified],
        triesLeft: [login.triesLeft, signature.triesLeft],
      };
    };
    const newOperations = async (work: () => Promise<unknown>, card = 'bertil') => {
      const before = await stack.operations(card);
      await work();
      const after = await stack.operations(card);
      const difference = (one: readonly number[], other: readonly number[]) => one.map((n, at) => n - (other[at] ?? 0));
      return {
        signatures: difference(after.signatures, before.signatures),
        verifications: difference(after.verifications, before.verifications),
      };
    };

    it('is two tokens with one serial number, named for their PINs, each with its own keys', async () => {
      const tokens = await bind('anna');
      assert.deepEqual(
        tokens.map(({ description }) => description.label),
        ['Anna Testsson (Legitimering)', 'Anna Testsson (Underskrift)'],
      );
      const [login, signature] = tokens;
      assert.equal(login.description.serialNumber, signature.description.serialNumber);
      assert.match(login.description.identity, /^4d79454944/);
      assert.equal(login.description.identity, signature.description.identity);
      assert.deepEqual(loginKeys(login), ['45', '46', '47', '48']);
      assert.deepEqual(loginKeys(signature), []);
      assert.deepEqual(
        signatureKeys(tokens).map(({ token, key }) => [key.id, token === signature]),
        ['49', '4a', '4b', '4c'].map((id) => [id, true]),
      );
      for (const { description } of tokens) {
        assert.deepEqual(description.mechanisms, ['CKM_RSA_PKCS', 'CKM_RSA_PKCS_PSS', 'CKM_ECDSA']);
      }
    });

    const kinds: [string, number, SignatureAlgorithm[]][] = [
      ['RSA 2048', 0, ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512']],
      ['RSA 3072', 1, ['RS256', 'RS512', 'PS256', 'PS512']],
      ['P-256', 2, ['ES256']],
      ['P-384', 3, ['ES384']],
    ];
    for (const [name, at, algorithms] of kinds) {
      it(`signs with ${name}: for login while PIN1 is given, and for its holder with PIN2 each time`, async () => {
        const [login, signature] = await bind('anna');
        await host.login(login.description.handle, bytesOf(anna.authentication.pin), false);
        for (const algorithm of algorithms) {
          const { handle } = login.description;
          const forLogin = await host.sign(handle, loginKeys(login)[at] ?? '', algorithm, digestFor(algorithm));
          assert.ok(isSigned(publicKey(anna, 'authentication', at), algorithm, forLogin), algorithm);
          const forHolder = await sign(keyOf(signature, at), anna.signature.pin, algorithm);
          assert.ok(isSigned(publicKey(anna, 'signature', at), algorithm, forHolder), algorithm);
        }
        assert.deepEqual(await pins('anna'), { verified: [true, false], triesLeft: [3, 3] });
      });
    }

    it('leaves PIN1 given and PIN2 spent after a signature', async () => {
      const [login, signature] = await bind('bertil');
      await host.login(login.description.handle, bytesOf(bertil.authentication.pin), false);
      const key = keyOf(signature);
      const first = await newOperations(() => sign(key, bertil.signature.pin));
      assert.deepEqual(first, { signatures: [0, 1], verifications: [0, 2] });
      assert.deepEqual(await pins(), { verified: [true, false], triesLeft: [3, 3] });
      const { handle } = login.description;
      const second = await newOperations(async () => {
        await host.sign(handle, loginKeys(login)[0] ?? '', 'ES256', digestFor('ES256'));
        await sign(key, bertil.signature.pin);
      });
      // OpenSC hides the keys until somebody has logged in: the first time it wants the PIN for that as well.
      assert.deepEqual(second, { signatures: [1, 1], verifications: [0, 1] });
      assert.deepEqual(await pins(), { verified: [true, false], triesLeft: [3, 3] });
    });

    it('is asked for its identity right before each PIN that is sent, eleven APDUs in all and eight for the next', async () => {
      const [, signature] = await bind('bertil');
      await stack.resetCounts();
      await sign(keyOf(signature), bertil.signature.pin);
      const told = (await stack.transcript()).filter((line) => /^(?:CA|20|2A)/.test(line));
      assert.deepEqual(told, [
        'CA 01 A0 -> 9000',
        '20 00 02 -> 63C3',
        '20 00 02 -> 9000',
        'CA 01 A0 -> 9000',
        '20 00 02 -> 9000',
        '2A 9E 9A -> 9000',
      ]);
      assert.equal((await stack.counts()).apdus, 11);
      await stack.resetCounts();
      await sign(keyOf(signature), bertil.signature.pin);
      assert.equal((await stack.counts()).apdus, 8);
    });

    it('refuses a signature without PIN2, whoever is logged in, and one by PIN1', async () => {
      const [login, signature] = await bind('bertil');
      const unused = await newOperations(async () => {
        await host.login(login.description.handle, bytesOf(bertil.authentication.pin), false);
        const { handle } = signature.description;
        const digest = digestFor('ES256');
        await assert.rejects(host.sign(handle, keyOf(signature).key.id, 'ES256', digest), failsWith('login-lost'));
        const order = { certificate: keyOf(signature).key.id, algorithm: 'ES256', digest, finalTryConfirmed: false };
        const throughLogin = host.signWithPin(
          login.description.handle,
          { ...order, algorithm: 'ES256' },
          bytesOf(bertil.authentication.pin),
        );
        await assert.rejects(throughLogin, failsWith('ERR_CARD_FAILED'));
      });
      assert.deepEqual(unused.signatures, [0, 0]);
      const [, again] = await bind('bertil');
      const wrong = await newOperations(() =>
        assert.rejects(sign(keyOf(again), bertil.authentication.pin), failsWith('ERR_PIN_WRONG')),
      );
      assert.deepEqual(wrong, { signatures: [0, 0], verifications: [0, 1] });
      assert.deepEqual((await pins()).triesLeft, [3, 2]);
    });

    it('spends PIN2 also when another signature follows in the same login: the card itself asks', async () => {
      const [, signature] = await bind('bertil');
      const { handle } = signature.description;
      await host.login(handle, bytesOf(bertil.signature.pin), false);
      const { id } = keyOf(signature).key;
      const made = await newOperations(async () => {
        await host.sign(handle, id, 'ES256', digestFor('ES256'));
        await assert.rejects(host.sign(handle, id, 'ES256', digestFor('ES256')), failsWith('login-lost'));
      });
      assert.deepEqual(made.signatures, [0, 1]);
    });

    it('counts wrong PINs of PIN2 alone, wants the last try confirmed, and sends nothing once it is locked', async () => {
      const [login, signature] = await bind('bertil');
      await host.login(login.description.handle, bytesOf(bertil.authentication.pin), false);
      const key = keyOf(signature);
      const { pin } = bertil.signature;
      await assert.rejects(sign(key, wrongPin), failsWith('ERR_PIN_WRONG'));
      assert.deepEqual(await pins(), { verified: [true, false], triesLeft: [3, 2] });
      assert.equal(signature.pin.state, 'low');
      await assert.rejects(sign(key, wrongPin), failsWith('ERR_PIN_WRONG'));
      await assert.rejects(sign(key, pin), failsWith('final-try-unconfirmed'));
      assert.deepEqual([signature.pin.state, (await pins()).triesLeft], ['final', [3, 1]]);
      await assert.rejects(sign(key, wrongPin, 'ES256', true), failsWith('ERR_PIN_LOCKED', 0));
      assert.deepEqual(signature.pin, { state: 'locked', triesLeft: 0 });
      const locked = await newOperations(() =>
        assert.rejects(sign(key, pin, 'ES256', true), failsWith('ERR_PIN_LOCKED', 0)),
      );
      assert.deepEqual(locked, { signatures: [0, 0], verifications: [0, 0] });
      // What has become of PIN2 is nothing to whoever logs in.
      const forLogin = await host.sign(
        login.description.handle,
        loginKeys(login)[0] ?? '',
        'ES256',
        digestFor('ES256'),
      );
      assert.ok(isSigned(publicKey(bertil, 'authentication'), 'ES256', forLogin));
      assert.equal((await host.pinStatus(login.description.handle)).state, 'ok');
    });

    it('takes the right PIN as the last try, and has three again', async () => {
      const [, signature] = await bind('bertil');
      await stack.setTriesLeft('bertil', 1, 'signature');
      await sign(keyOf(signature), bertil.signature.pin, 'ES256', true);
      assert.deepEqual((await pins()).triesLeft, [3, 3]);
    });

    it('sends no PIN2 to a card that took the place of another unseen', async () => {
      const [, signature] = await bind('bertil');
      await sign(keyOf(signature), bertil.signature.pin);
      await stack.swapUnseen('anna');
      const unused = await newOperations(
        () => assert.rejects(sign(keyOf(signature), bertil.signature.pin), failsWith('ERR_CARD_CHANGED')),
        'anna',
      );
      assert.deepEqual(
        [...unused.signatures, ...unused.verifications],
        Array.from({ length: 10 }, () => 0),
      );
      assert.deepEqual((await pins('anna')).triesLeft, [3, 3]);
    });

    it('costs no PIN for what cannot be signed, or is called off in time', async () => {
      const [, signature] = await bind('bertil');
      const key = keyOf(signature);
      const unused = await newOperations(async () => {
        const short = { algorithm: 'ES256', digest: Buffer.alloc(20), finalTryConfirmed: false } as const;
        const { signal } = new AbortController();
        await assert.rejects(
          signWithPin(key, short, bytesOf(bertil.signature.pin), signal),
          failsWith('ERR_CARD_FAILED'),
        );
        const [, again] = await bind('bertil');
        const calledOff = AbortSignal.abort(new Error('called off'));
        await assert.rejects(sign(keyOf(again), bertil.signature.pin, 'ES256', false, calledOff), /called off/);
        await assert.rejects(sign(keyOf(again), ''), failsWith('ERR_PIN_FORMAT'));
      });
      assert.deepEqual(unused, { signatures: [0, 0], verifications: [0, 0] });
    });

    it('zeroes the PIN, whatever comes of it', async () => {
      const [, signature] = await bind('bertil');
      const { signal } = new AbortController();
      const wanted = { algorithm: 'ES256', digest: digestFor('ES256'), finalTryConfirmed: false } as const;
      for (const typed of [bertil.signature.pin, wrongPin]) {
        const pin = bytesOf(typed);
        await signWithPin(keyOf(signature), wanted, pin, signal).catch(() => undefined);
        assert.deepEqual(pin, Buffer.alloc(pin.length));
      }
    });

    it('has each PIN changed, and unlocked by its own PUK, with nothing coming of it for the other', async () => {
      await stack.insert('bertil');
      const client = (program: string, ...words: string[]) =>
        run(program, words, { env: { ...process.env, ...stack.environment } });
      const { pin, puk } = bertil.signature;
      const pkcs11 = ['--module', module, '--slot-index', '1', '--login', '--change-pin'];
      await client('pkcs11-tool', ...pkcs11, '--pin', pin, '--new-pin', '13572468');
      await stack.setTriesLeft('bertil', 0, 'signature');
      const unlock = (code: string) =>
        client('pkcs15-tool', '--unblock-pin', '--auth-id', '02', '--puk', code, '--new-pin', pin);
      await assert.rejects(unlock(bertil.authentication.puk));
      assert.equal((await stack.pinState('bertil', 'signature')).pukTriesLeft, 9);
      await unlock(puk);
      const state = { verified: false, triesLeft: 3, pukTriesLeft: 10 };
      const pinStates = [await stack.pinState('bertil'), await stack.pinState('bertil', 'signature')];
      assert.deepEqual(pinStates, [state, state]);
      const [, signature] = await bind('bertil');
      assert.ok(await sign(keyOf(signature), pin));
    });

    const accidents: [string, () => Promise<void>, RegExp][] = [
      ['is pulled at the PIN', () => stack.removeOn(verifies), /^ERR_CARD_REMOVED/],
      ['is pulled at the signature', () => stack.removeOn(signs), /^ERR_CARD_REMOVED/],
      ['fails at the signature', () => stack.failOn(signs, 0x6f00), /^ERR_CARD_FAILED/],
      ['does not say who it is', () => stack.failOn(tells, 0x6f00), /^ERR_CARD_CHANGED/],
    ];
    for (const [name, happen, failure] of accidents) {
      it(`that ${name} has signed nothing, knows no PIN afterwards, and signs when it is bound again`, async () => {
        const [, signature] = await bind('bertil');
        await happen();
        const unused = await newOperations(() =>
          assert.rejects(sign(keyOf(signature), bertil.signature.pin), { message: failure }),
        );
        assert.deepEqual(unused.signatures, [0, 0]);
        assert.deepEqual(await pins(), { verified: [false, false], triesLeft: [3, 3] });
        const [, again] = await bind('bertil');
        assert.ok(await sign(keyOf(again), bertil.signature.pin));
      });
    }

    it('that falls silent is another PIN at the least, and signs again when it answers', async () => {
      const [, signature] = await bind('bertil');
      await stack.setMute(true);
      await assert.rejects(sign(keyOf(signature), bertil.signature.pin));
      await stack.setMute(false);
      const [, again] = await bind('bertil');
      assert.ok(await sign(keyOf(again), bertil.signature.pin));
    });

    it("leaves no copy of PIN2 in the agent's memory or the module host's, be it right or wrong", async () => {
      await stack.insert('bertil');
      const { child, say } = startCarrier('46');
      try {
        const hostPid = Number(await say());
        for (const [pin, outcome] of [
          [String(randomInt(10_000_000, 100_000_000)), /^ERR_PIN_WRONG/],
          [bertil.signature.pin, /^ok$/],
        ] as const) {
          assert.match(await say(pin), outcome);
          for (const pid of [child.pid ?? 0, hostPid]) assert.deepEqual(findInMemory(pid, pinNeedles(pin)), []);
        }
      } finally {
        child.kill('SIGKILL');
        await once(child, 'exit');
      }
    });

    const startCarrier = (certificate: string) => {
      const loader = createRequire(import.meta.url).resolve('tsx');
      const program = fileURLToPath(new URL('pin-carrier.ts', import.meta.url));
      const words = ['--import', loader, program, module, stack.readers[0], atr.toString('hex'), certificate];
      const child = spawn(process.execPath, words, { stdio: ['pipe', 'pipe', 'inherit'] });
      const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
      const say = async (pin = ''): Promise<string> => {
        child.stdin.write(pin);
        return String((await lines.next()).value);
      };
      return { child, say };
    };

    it('that keeps PIN2 is made to forget it after each signature, and can be used on', async () => {
      const [login, signature] = await bind('lenient');
      const key = keyOf(signature);
      for (let time = 0; time < 2; time += 1) {
        const made = await newOperations(() => sign(key, bertil.signature.pin), 'lenient');
        assert.deepEqual(made, { signatures: [0, 1], verifications: [0, 1] });
        assert.deepEqual((await pins('lenient')).verified, [false, false]);
      }
      await host.login(login.description.handle, bytesOf(bertil.authentication.pin), false);
      assert.ok(await host.sign(login.description.handle, loginKeys(login)[0] ?? '', 'ES256', digestFor('ES256')));
      // A card forgets both PINs or none: whoever was logged in is told so.
      await sign(key, bertil.signature.pin);
      assert.deepEqual((await pins('lenient')).verified, [false, false]);
      const lost = host.sign(login.description.handle, loginKeys(login)[0] ?? '', 'ES256', digestFor('ES256'));
      await assert.rejects(lost, failsWith('login-lost'));
    });
  },
);
