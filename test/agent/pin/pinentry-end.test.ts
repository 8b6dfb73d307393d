// How a pinentry program ends: called off, hung or done, it leaves no process and no descriptor behind.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { askPin } from '../../../agent/pin/pinentry.ts';
import { KortbroError } from '../../../shared/errors.ts';
import { kortbroError } from '../fake-backend.ts';
import { waitUntil, within } from '../../native-host/within.ts';
import { pinentryRuns, text } from './pinentry-runs.ts';
import { refusals, say, sayPin, ScriptedPinentry, type Replies } from './scripted-pinentry.ts';

describe('A pinentry program', () => {
  let pinentry: ScriptedPinentry;
  const { options, ask, allGone } = pinentryRuns((next) => {
    pinentry = next;
  });

  describe('that is called off', () => {
    const abortWhen = async (replies: Replies, isTime: () => boolean) => {
      const asker = new AbortController();
      pinentry.is(replies);
      const asking = askPin(options({ signal: asker.signal }), text);
      asking.catch(() => undefined);
      await waitUntil(isTime, 'the right moment');
      asker.abort(new KortbroError('ERR_CARD_REMOVED'));
      await within(200, assert.rejects(asking, kortbroError('ERR_CARD_REMOVED')), 'the reason');
    };

    it('while its dialog is open is gone within a second, and the reason is the one that was given', async () => {
      await abortWhen({ getPin: 'exec sleep 60' }, () => pinentry.dialogs.length === 1);
      await allGone();
    });

    it('before it has said anything is gone within a second', async () => {
      await abortWhen({ start: 'exec sleep 60' }, () => pinentry.processIds.length === 1);
      await allGone();
    });

    it('and does not want to end is killed within a second', async () => {
      await abortWhen({ getPin: `trap '' TERM; exec sleep 60` }, () => pinentry.dialogs.length === 1);
      await allGone();
    });

    it('in the moment in which it is started is gone, too', async () => {
      const asker = new AbortController();
      pinentry.is({ start: 'exec sleep 60' });
      const asking = askPin(options({ signal: asker.signal }), text);
      asker.abort(new KortbroError('ERR_REQUEST_CANCELLED'));
      await assert.rejects(asking, kortbroError('ERR_REQUEST_CANCELLED'));
      await allGone();
    });

    it('before it is started is never started', async () => {
      const signal = AbortSignal.abort(new KortbroError('ERR_REQUEST_CANCELLED'));
      await assert.rejects(askPin(options({ signal }), text), kortbroError('ERR_REQUEST_CANCELLED'));
      assert.deepEqual(pinentry.processIds, []);
    });

    it('after its answer changes nothing', async () => {
      const asker = new AbortController();
      const pin = await askPin(options({ signal: asker.signal }), text);
      asker.abort(new KortbroError('ERR_REQUEST_CANCELLED'));
      assert.equal(pin.toString(), '123456');
    });
  });

  it('that hangs is ended two seconds after the time it was given: ERR_USER_TIMEOUT', async () => {
    await assert.rejects(ask({ getPin: 'exec sleep 60' }, { seconds: 0 }), kortbroError('ERR_USER_TIMEOUT'));
    await allGone();
  });

  it('has the environment that it was given, and no descriptor that other programs would not have', async () => {
    const heard = `'${pinentry.directory}/heard'`;
    const getPin = `env > ${heard}; ls /proc/self/fd >> ${heard}; ${sayPin('123456')}`;
    await ask({ getPin }, { environment: { PATH: process.env['PATH'], DISPLAY: ':7' } });
    const lines = pinentry.heard;
    assert.ok(lines.includes('DISPLAY=:7'));
    assert.ok(!lines.some((line) => line.startsWith('HOME=')));
    const usual = execFileSync('ls', ['/proc/self/fd'], { encoding: 'utf8' }).trim().split('\n');
    assert.deepEqual(
      lines.filter((line) => /^\d+$/.test(line)),
      usual,
    );
  });

  it('leaves no descriptor and no process behind, however it ends', async () => {
    const descriptors = () => readdirSync('/proc/self/fd').length;
    await ask();
    await allGone();
    const before = descriptors();
    const ends: Replies[] = [
      {},
      { getPin: say(refusals.cancelled) },
      { start: 'exit 1' },
      { greeting: say('x') },
      { getPin: sayPin('x') },
    ];
    for (let i = 0; i < 10; i++) {
      await Promise.all(
        ends.map(async (replies) => {
          const one = new ScriptedPinentry(replies);
          await askPin(options({ program: one.program }), text).catch(() => undefined);
          await waitUntil(() => one.alive.length === 0, 'the end', 2_000);
          one.remove();
        }),
      );
    }
    await waitUntil(() => descriptors() <= before, `${before} descriptors again`, 2_000);
  });
});
