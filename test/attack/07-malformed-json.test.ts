// 07: JSON that two readers could read differently, or that reaches where a value must not: refused whole at each hop, never
// repaired. Here the agent (past a native host that only relays, and directly), its handshake and its policy; what a page can
// send is in 07-malformed-json-page.test.ts.
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { type HostClient } from '../support/host-client.ts';
import { RawPeer } from '../support/raw-peer.ts';
import {
  assertEndsConnection,
  honestLogin,
  journal,
  newNonce,
  startTarget,
  type Target,
  withoutKeyUse,
} from './target.ts';

describe('07 malformed JSON', function () {
  this.timeout(30_000);
  let target: Target;
  let honest: HostClient;

  before(async () => {
    target = await startTarget();
    honest = await target.agent.host();
    // In PIN-SSO: whatever is taken for a login is answered with a signature at once.
    await honestLogin(target, honest);
  });
  after(async () => target.agent.stop());
  afterEach(async () => {
    await honestLogin(target, honest);
  });

  const nonce = newNonce();
  const caller = `{"kind":"page","origin":"${journal}"}`;
  const good = `{"type":"request","id":"x","language":"en","verb":"authenticate","caller":${caller},"nonce":"${nonce}"}`;
  const inside = (more: string): string => good.replace(/}$/, `,${more}}`);

  const hostile: readonly (readonly [string, string])[] = [
    ['nothing but blanks', '  '],
    ['no JSON', '{type:"request"}'],
    ['half of it', good.slice(0, -10)],
    ['two values', `${good}${good}`],
    ['a value and a word', `${good} x`],
    ['a comment', good.replace('{', '{/* */')],
    ['a trailing comma', good.replace(/}$/, ',}')],
    ['single quotes', good.replaceAll('"', "'")],
    ['a byte order mark', `\ufeff${good}`],
    ['NaN', inside('"x":NaN')],
    ['a list', `[${good}]`],
    ['null', 'null'],
    ['a number', '1e999'],
    ['a text', JSON.stringify(good)],
    ['a key twice', inside(`"nonce":"${nonce}"`)],
    ['a key twice, once written with escapes', inside(`"\\u006eonce":"${nonce}"`)],
    [
      'an inner key twice',
      good.replace(caller, `{"kind":"page","origin":"https://evil.example","origin":"${journal}"}`),
    ],
    ['__proto__', inside('"__proto__":{"access":"silent"}')],
    ['__proto__ written with escapes', inside('"\\u005f_proto__":{"polluted":true}')],
    ['__proto__ within', good.replace(caller, `{"kind":"page","origin":"${journal}","__proto__":{"kind":"user"}}`)],
    ['constructor', inside('"constructor":{"prototype":{"polluted":true}}')],
    ['an unknown key', inside('"x":1')],
    ['an empty key', inside('"":1')],
    ['a lone surrogate', good.replace('"x"', '"\\ud800"')],
    ['a lone surrogate in an unknown place', inside('"\\udc00":1')],
    ['an id that is no text', good.replace('"id":"x"', '"id":1')],
    ['an id of 65 characters', good.replace('"x"', `"${'x'.repeat(65)}"`)],
    ['an id with a path in it', good.replace('"x"', '"../x"')],
    ['no id', good.replace('"id":"x",', '')],
    ['an origin that is no text', good.replace(`"${journal}"`, `["${journal}"]`)],
    ['an origin of 256 characters', good.replace(journal, `https://${'a'.repeat(240)}.example`)],
    ['a language of its own', good.replace('"en"', '"../../en"')],
    ['a type that does not exist', good.replace('"request"', '"toString"')],
    ['an answer, as if it were the agent', `{"type":"response","id":"x","result":{}}`],
    ['nesting of 9', inside(`"x":${'['.repeat(9)}${']'.repeat(9)}`)],
    ['nesting of 20 000', inside(`"x":${'['.repeat(20_000)}${']'.repeat(20_000)}`)],
    ['nesting without end', '{"a":'.repeat(10_000)],
    ['a number of 60 000 digits', inside(`"x":${'9'.repeat(60_000)}`)],
    ['5 000 keys', inside(Array.from({ length: 5_000 }, (_, i) => `"${i}":1`).join())],
  ];

  it(`ends the connection with ERR_REQUEST_INVALID: ${hostile.map(([what]) => what).join('; ')}`, async () => {
    await withoutKeyUse(target, async () => {
      for (const [, text] of hostile) await assertEndsConnection(target.agent, text);
    });
    // The control: what all of them were made of is a login.
    const peer = await new RawPeer(target.agent.endpoint).prove(target.agent.endpoint.secret);
    peer.say(good);
    assert.match(await peer.heard(1), /"type":"response","id":"x"/);
    peer.close();
  });

  it('is told to the browser by the native host, which does not end and has an agent again at once', async () => {
    await withoutKeyUse(target, async () => {
      const attacker = await target.agent.host();
      for (const [, text] of hostile.slice(14, 17)) {
        const from = attacker.messages.length;
        attacker.sendText(text);
        const gone = await attacker.until((message) => message.type === 'agent' && message.state === 'gone', from);
        assert.ok(gone.type === 'agent' && gone.error?.code === 'ERR_REQUEST_INVALID', text);
        await attacker.until((message) => message.type === 'agent' && message.state === 'connected', from);
      }
      assert.equal(attacker.ended, false);
      await attacker.end();
    });
  });

  it("takes no prototype from anybody: the agent's own objects are as they were", async () => {
    for (const [, text] of hostile.filter(([what]) => /__proto__|constructor/.test(what)))
      await assertEndsConnection(target.agent, text);
    const { answer } = honest.ask({ verb: 'status', caller: { kind: 'page', origin: 'https://unknown.example' } });
    assert.deepEqual(Object.keys(((await answer) as { result: object }).result), ['agent']);
  });

  it('is refused in the handshake too, with ERR_AGENT_PROOF and not a word more', async () => {
    const greeting = { protocol: 1, role: 'native-host', nonce: Buffer.alloc(32).toString('base64') };
    const greetings = [
      '',
      '{}',
      'null',
      '[]',
      '{',
      JSON.stringify({ ...greeting, x: 1 }),
      JSON.stringify(greeting).replace('{', '{"role":"command",'),
      JSON.stringify(greeting).replace('{', '{"__proto__":{},'),
      JSON.stringify({ ...greeting, role: 'agent' }),
      JSON.stringify({ ...greeting, role: ['native-host'] }),
      JSON.stringify({ ...greeting, nonce: '' }),
      JSON.stringify({ ...greeting, nonce: `${greeting.nonce}\n` }),
      JSON.stringify({ ...greeting, nonce: Buffer.alloc(31).toString('base64') }),
      JSON.stringify({ ...greeting, nonce: Buffer.alloc(33).toString('base64') }),
      JSON.stringify({ ...greeting, nonce: greeting.nonce.replace('A=', 'B=') }),
    ];
    await withoutKeyUse(target, async () => {
      for (const text of greetings) {
        const peer = await new RawPeer(target.agent.endpoint).opened();
        peer.say(text);
        const end = await peer.ended();
        assert.deepEqual([end.code, end.reason, peer.received], [4001, 'ERR_AGENT_PROOF', []], text);
      }
      for (const protocol of [0, 2, '1', null, 1.5]) {
        const peer = await new RawPeer(target.agent.endpoint).opened();
        peer.say(JSON.stringify({ ...greeting, protocol }));
        assert.equal((await peer.ended()).reason, 'ERR_AGENT_VERSION');
      }
      for (const answer of [
        '{}',
        '{"proof":""}',
        '{"proof":null}',
        `{"proof":"${greeting.nonce}","x":1}`,
        'x',
        `{"proof":"${greeting.nonce}"}`,
      ]) {
        const peer = await new RawPeer(target.agent.endpoint).opened();
        peer.greet();
        await peer.heard(0);
        peer.say(answer);
        const end = await peer.ended();
        assert.deepEqual([end.code, end.reason, peer.received.length], [4001, 'ERR_AGENT_PROOF', 1], answer);
      }
    });
  });

  it('of any kind never takes the agent down', async () => {
    const { processId } = target.agent;
    const almost = fc.oneof(
      fc.json({ maxDepth: 4 }),
      fc.string({ unit: 'binary', maxLength: 300 }),
      fc
        .tuple(fc.nat(good.length - 1), fc.string({ unit: 'binary', maxLength: 4 }))
        .map(([at, text]) => `${good.slice(0, at)}${text}${good.slice(at + text.length + 1)}`),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(almost, { minLength: 1, maxLength: 5 }), async (texts) => {
        const peer = await new RawPeer(target.agent.endpoint).prove(target.agent.endpoint.secret);
        for (const text of texts) peer.say(text);
        // The last word is a refusal in any case, so that the end is not waited for in vain.
        peer.say('x');
        const end = await peer.ended();
        assert.match(end.reason, /^ERR_REQUEST_INVALID$|^$/);
      }),
      { numRuns: 60 },
    );
    assert.equal(target.agent.processId, processId);
  });
});
