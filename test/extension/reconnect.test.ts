import assert from 'node:assert/strict';
import { isAbsent, lostCode, reconnectPause } from '../../extension/background/reconnect.ts';

describe('reconnecting to the native host', () => {
  it('pauses longer and longer, up to a cap', () => {
    const pauses = Array.from({ length: 8 }, (_, index) => reconnectPause(index + 1, false));
    assert.deepEqual(pauses, [100, 200, 400, 800, 1_600, 3_200, 5_000, 5_000]);
    assert.equal(reconnectPause(10_000, false), 5_000);
  });

  it('stops by itself where no host is installed', () => {
    assert.deepEqual(
      Array.from({ length: 6 }, (_, index) => reconnectPause(index + 1, true)),
      [100, 200, 400, 800, undefined, undefined],
    );
  });

  it("knows Chromium's words for a host that cannot be started", () => {
    for (const words of [
      'Specified native messaging host not found.',
      'Access to the specified native messaging host is forbidden.',
      'Failed to start native messaging host.',
    ]) {
      assert.ok(isAbsent(words), words);
    }
    for (const words of [
      'Native host has exited.',
      'Error when communicating with the native messaging host.',
      undefined,
    ]) {
      assert.ok(!isAbsent(words), words);
    }
  });

  it('tells what was sent that it was stopped, and what was not that nothing runs, or why', () => {
    assert.equal(lostCode(true, undefined), 'ERR_AGENT_STOPPED');
    assert.equal(lostCode(true, 'ERR_AGENT_VERSION'), 'ERR_AGENT_STOPPED');
    assert.equal(lostCode(false, undefined), 'ERR_AGENT_NOT_RUNNING');
    assert.equal(lostCode(false, 'ERR_AGENT_STOPPED'), 'ERR_AGENT_NOT_RUNNING');
    assert.equal(lostCode(false, 'ERR_AGENT_PROOF'), 'ERR_AGENT_PROOF');
  });
});
