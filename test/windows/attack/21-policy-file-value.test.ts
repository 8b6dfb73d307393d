// 21: the value that names the policy file, in a form that cannot be read, loosens nothing; its case means nothing.
import assert from 'node:assert/strict';
import { attackDesk, codeOf, describeAtDesk, newNonce } from './attack-desk.ts';

const installation = 'HKEY_LOCAL_MACHINE\\SOFTWARE\\Kortbro';

describeAtDesk('21 the name of the policy file on Windows', function () {
  this.timeout(60_000);
  const forms = {
    'a text to be expanded (REG_EXPAND_SZ)': '"PolicyFile"=hex(2):43,00,3a,00,5c,00,78,00,00,00',
    'a number': '"PolicyFile"=dword:00000001',
    bytes: '"PolicyFile"=hex:01,02',
    'half a character': '"PolicyFile"=hex(1):43,00,00,d8,00,00',
  };
  for (const [what, line] of Object.entries(forms))
    it(`${what}: the policy is refused, not the defaults taken`, async () => {
      const desk = await attackDesk();
      await desk.endAll();
      await desk.setRegistry(`[${installation}]\n${line}`);
      try {
        const host = await desk.host().ready();
        assert.equal(codeOf(await host.authenticate('http://plain.example', newNonce()).answer), 'ERR_POLICY_INVALID');
        await host.end();
      } finally {
        await desk.setRegistry(`[${installation}]\n"PolicyFile"="C:\\\\Deployed\\\\policy.json"`);
      }
    });
  it('another case of its name: it is the same value to Windows', async () => {
    const desk = await attackDesk();
    await desk.endAll();
    await desk.setRegistry(`[${installation}]\n"PolicyFile"=-\n"POLICYFILE"="C:\\\\Deployed\\\\policy.json"`);
    try {
      await desk.honest();
      assert.equal(desk.audit().findLast(({ event }) => event === 'agent-started')?.['policy'], 'file');
    } finally {
      await desk.setRegistry(`[${installation}]\n"POLICYFILE"=-\n"PolicyFile"="C:\\\\Deployed\\\\policy.json"`);
    }
  });
});
