// What kortbro-pin.exe makes of the lines that it is sent, built for Linux with the sanitizers: the commands of a pinentry, and
// everything that a broken or hostile client could say.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import fc from 'fast-check';
import { within } from '../../native-host/within.ts';
import { type AssuanClient, errors } from './assuan-client.ts';
import { scriptedRuns } from './scripted-runs.ts';

describe('The lines of the PIN dialog', function () {
  this.timeout(120_000);
  const start = scriptedRuns();

  const ends = async (client: AssuanClient, lines: (string | Buffer)[]) => {
    const replies: (string | undefined)[] = [];
    for (const line of lines) replies.push((await within(10_000, client.ask(line), String(line).slice(0, 40)))?.end);
    return replies;
  };

  it('are those of a pinentry: texts, time and options are kept for the dialog', async () => {
    const client = await start('1234/ok');
    const said = [
      'OPTION lc-messages=en_GB.UTF-8',
      'OPTION grab',
      'OPTION ttyname=/dev/pts/1',
      'NOP',
      'SETTITLE A%25b',
    ];
    said.push(
      'SETDESC Rad%0Ax',
      'SETPROMPT PIN:',
      'SETOK Ja',
      'SETNOTOK Nej',
      'SETCANCEL Avbryt',
      'SETERROR Fel',
      'SETTIMEOUT 9',
    );
    assert.deepEqual(new Set(await ends(client, said)), new Set(['OK']));
    assert.deepEqual(await client.ask('GETPIN'), { data: '1234', end: 'OK' });
    const [dialog] = await client.shown();
    assert.ok(dialog);
    const { kind, swedish, title, error, prompt, lead, ok, notOk, cancel, seconds } = dialog;
    assert.deepEqual(
      [kind, swedish, title, lead, prompt, ok, notOk, cancel, error, seconds],
      [0, false, 'A%b', 'Rad\nx', 'PIN:', 'Ja', 'Nej', 'Avbryt', 'Fel', 9],
    );
  });

  it('end with the codes of a pinentry', async () => {
    const client = await start('1234/cancel', '1234/timeout', '/not-ok', '/ok', '/ok', '/cancel');
    assert.deepEqual(
      await ends(client, ['GETPIN', 'GETPIN', 'CONFIRM', 'CONFIRM', 'CONFIRM --one-button', 'MESSAGE']),
      [...[errors.cancelled, errors.timeout, errors.notConfirmed, 'OK', 'OK', errors.cancelled]],
    );
    assert.deepEqual(
      (await client.shown()).map(({ kind }) => kind),
      [0, 0, 1, 1, 2, 2],
    );
  });

  it('say who the program is, and goodbye', async () => {
    const client = await start();
    assert.equal((await client.ask('GETINFO pid'))?.data, String(client.process.pid));
    assert.equal((await client.ask('GETINFO version'))?.data, '0.0.0');
    assert.equal((await client.ask('GETINFO flavor'))?.data, 'kortbro');
    assert.equal((await client.ask('GETINFO secrets'))?.end, errors.parameter);
    assert.equal((await client.ask('BYE'))?.end, 'OK closing connection');
    assert.equal(await client.ended, 0);
  });

  it('forget what was set on RESET, and an error text after it was shown', async () => {
    const client = await start('/ok', '/ok', '/ok');
    const confirm = ['CONFIRM', 'CONFIRM', 'RESET', 'CONFIRM'];
    await ends(client, ['OPTION lc-messages=en', 'SETTITLE T', 'SETERROR E', 'SETTIMEOUT 5', ...confirm]);
    assert.deepEqual(
      (await client.shown()).map(({ swedish, title, error, seconds }) => [swedish, title, error, seconds]),
      [
        [false, 'T', 'E', 5],
        [false, 'T', '', 5],
        [true, '', '', 0],
      ],
    );
  });

  it('may have any case, a carriage return, and comments between them', async () => {
    const client = await start();
    client.send('# hello', '', 'nop\r');
    assert.equal((await client.reply())?.end, 'OK');
    assert.equal((await client.ask('settimeout   7'))?.end, 'OK');
  });

  const wrong: [string, string | Buffer, string][] = [
    ['an unknown command', 'INQUIRE X', errors.unknownCommand],
    ['a command that only begins like one', 'GETPINS', errors.unknownCommand],
    ['a line without a command', '123', errors.syntax],
    ['a command that something hangs on', 'GETPIN\tx', errors.syntax],
    ['a NUL', Buffer.from('SETDESC a\0b'), errors.syntax],
    ['bytes at random', Buffer.from([0xff, 0x80, 0x01]), errors.syntax],
    ['half an escape', 'SETDESC 100 %', errors.parameter],
    ['an escape with one digit', 'SETDESC 100 %2', errors.parameter],
    ['an escape that is none', 'SETDESC %zz', errors.parameter],
    ['a time that is none', 'SETTIMEOUT soon', errors.parameter],
    ['a time below zero', 'SETTIMEOUT -1', errors.parameter],
    ['a time that overflows', 'SETTIMEOUT 99999999999999999999', errors.parameter],
    ['no time', 'SETTIMEOUT', errors.parameter],
    ['a site that is more than a name', 'OPTION kortbro-site=https://a.example b', errors.parameter],
    ['a site with what cannot be told apart', 'OPTION kortbro-site=https://\u0430.example', errors.parameter],
    ['a site that hides something', 'OPTION kortbro-site=https://a.example%0Ab', errors.parameter],
    ['a line that is one byte too long', `SETDESC ${'x'.repeat(993)}`, errors.lineTooLong],
    ['a line of a megabyte', 'x'.repeat(1_000_000), errors.lineTooLong],
  ];
  for (const [name, line, error] of wrong) {
    it(`are answered when they are wrong: ${name}`, async () => {
      const client = await start();
      assert.deepEqual(await ends(client, [line, 'NOP']), [error, 'OK']);
      await client.shown();
    });
  }

  it('may be a thousand bytes long', async () => {
    const client = await start('/ok');
    assert.deepEqual(await ends(client, [`SETDESC ${'x'.repeat(992)}`, 'CONFIRM']), ['OK', 'OK']);
    assert.equal((await client.shown())[0]?.lead.length, 992);
  });

  it('are answered one by one, ten thousand of them, also when they come at once', async () => {
    const client = await start();
    client.send(Array.from({ length: 10_000 }, (_, i) => (i % 2 === 0 ? 'NOP' : 'WHAT')).join('\n'));
    for (let i = 0; i < 10_000; i++) {
      assert.equal(
        (await within(10_000, client.reply(), `reply ${i}`))?.end,
        i % 2 === 0 ? 'OK' : errors.unknownCommand,
      );
    }
    await client.shown();
  });

  it('may come byte by byte, or end in the middle', async () => {
    const client = await start();
    for (const byte of 'NOP\n') client.process.stdin?.write(byte);
    assert.equal((await client.reply())?.end, 'OK');
    client.process.stdin?.write('SETDESC half');
    await client.shown();
  });

  it('are always answered and never break anything, whatever they hold', async () => {
    const client = await start();
    const word = fc.constantFrom('SETDESC', 'SETTITLE', 'OPTION', 'SETTIMEOUT', 'GETINFO', 'SETERROR', 'RESET', 'XYZ');
    const rest = fc.uint8Array({ maxLength: 1_200 }).map((bytes) => Buffer.from(bytes.filter((byte) => byte !== 0x0a)));
    const line = fc.tuple(word, rest).map(([first, last]) => Buffer.concat([Buffer.from(`${first} `), last]));
    await fc.assert(
      fc.asyncProperty(line, async (said) => {
        const reply = await within(5_000, client.ask(said), 'a reply');
        assert.ok(reply !== undefined && /^(OK$|ERR \d{8} )/.test(reply.end), reply?.end);
      }),
      { numRuns: 500 },
    );
    await client.shown();
  });

  describe('while a dialog is open', () => {
    it('end it when they end: nobody would take the PIN', async () => {
      const client = await start('1234/wait');
      client.send('GETPIN');
      client.hangUp();
      assert.equal(await within(5_000, client.ended, 'the end'), 0);
      assert.equal(await client.reply(), undefined);
    });

    it('end it when their sender does not wait for its answer', async () => {
      const client = await start('1234/wait');
      client.send('GETPIN', Array.from({ length: 10_000 }, () => 'NOP').join('\n'));
      assert.equal(await within(5_000, client.ended, 'the end'), 0);
      assert.equal(await client.reply(), undefined);
    });
  });

  it('stop when nobody reads the answers', async () => {
    const client = await start();
    client.process.stdout?.destroy();
    await once(client.process.stdout!, 'close');
    client.send('NOP', 'NOP');
    assert.equal(await within(5_000, client.ended, 'the end'), 0);
  });
});
