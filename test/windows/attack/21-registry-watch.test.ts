// 21: group policy that is taken back whole, the key and all below it, and set again: the agent hears of each.
import { until } from '../../../demo/demo-agent.ts';
import { attackDesk, codeOf, describeAtDesk, newNonce } from './attack-desk.ts';

const key = 'HKEY_LOCAL_MACHINE\\SOFTWARE\\Policies\\Kortbro';

describeAtDesk('21 policy that comes and goes on Windows', function () {
  this.timeout(120_000);
  it('five times set and taken back, each is heard', async () => {
    const desk = await attackDesk();
    await desk.honest();
    const host = await desk.host().ready();
    const code = async () => codeOf(await host.authenticate('http://plain.example', newNonce()).answer);
    for (let round = 0; round < 5; round++) {
      await desk.setRegistry(`[${key}\\tokens]\n"1"="x"`);
      await until(async () => (await code()) === 'ERR_POLICY_INVALID', 10_000, `round ${round}: set, and not heard`);
      await desk.setRegistry(`[-${key}]`);
      await until(
        async () => (await code()) === 'ERR_REQUEST_ORIGIN',
        10_000,
        `round ${round}: taken back, and not heard`,
      );
    }
  });
});
