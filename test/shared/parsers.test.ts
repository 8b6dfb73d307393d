// Every parser of shared/ against input that was made to break it (attack classes 06 and 07).
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { decodeBase64, encodeBase64 } from '../../shared/base64.ts';
import { parseAnswer, parseChallenge, parseEndpoint, parseGreeting, sessionKey } from '../../shared/endpoint.ts';
import { KortbroError } from '../../shared/errors.ts';
import { encodeFrame, FrameReader } from '../../shared/framing.ts';
import { parseAgentMessage, parseClientMessage } from '../../shared/messages.ts';
import { isSecureOrigin } from '../../shared/origin.ts';
import { policySchema } from '../../shared/policy.ts';
import { proofTranscript } from '../../shared/proof.ts';
import { parseStrictJson, parseStrictJsonBytes } from '../../shared/strict-json.ts';

const invalid = { code: 'ERR_REQUEST_INVALID' };

describe('Base64', () => {
  it('comes back as it was', () => {
    fc.assert(fc.property(fc.uint8Array(), (bytes) => assert.deepEqual(decodeBase64(encodeBase64(bytes)), bytes)));
  });
  it('is what Node writes', () => {
    fc.assert(
      fc.property(fc.uint8Array(), (bytes) => assert.equal(encodeBase64(bytes), Buffer.from(bytes).toString('base64'))),
    );
  });
  it('is refused when it is not canonical', () => {
    for (const text of ['A', 'AA', 'AAA', 'AB==', 'AAB=', 'AA==AAAA', 'AA-_', ' AAA', 'AAA\n', '====']) {
      assert.equal(decodeBase64(text), undefined, text);
    }
  });
});

describe('Strict JSON', () => {
  it('takes what JSON.stringify writes', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 4 }), (value) => {
        const text = JSON.stringify(value);
        if (text.includes('__proto__') || !text.isWellFormed()) return;
        assert.deepEqual(parseStrictJson(text), JSON.parse(text));
      }),
    );
  });
  const refused: Record<string, string> = {
    'a key that stands twice': '{"a":1,"a":2}',
    'a key that stands twice by an escape': '{"a":1,"\\u0061":2}',
    __proto__: '{"__proto__":{"admin":true}}',
    '__proto__ by an escape': '{"\\u005f_proto__":1}',
    'a key that stands twice, with a backslash at its end': '{"a\\\\":1,"a\\\\":2}',
    'a key that stands twice, with a quotation mark in it': '{"a\\\\\\"":1,"a\\\\\\"":2}',
    'a lone surrogate': '"\\ud800"',
    'a lone surrogate as a key': '{"\\udc00":1}',
    'too many levels': '[[[[[[[[[1]]]]]]]]]',
    'a comment': '{/**/}',
    'two values': '{}{}',
    nothing: '',
    NaN: 'NaN',
  };
  for (const [name, text] of Object.entries(refused)) {
    it(`refuses ${name}`, () => assert.throws(() => parseStrictJson(text), invalid));
  }
  it('sees where a string ends, whatever is escaped in it', () => {
    const unit = fc.constantFrom('\\', '"', '{', ',', '[', 'a');
    const key = fc.string({ unit, maxLength: 12 });
    fc.assert(
      fc.property(fc.array(fc.tuple(key, key), { minLength: 1, maxLength: 5 }), (entries) => {
        const text = `{${entries.map((pair) => pair.map((one) => JSON.stringify(one)).join(':')).join()}}`;
        const keys = entries.map(([name]) => name);
        if (new Set(keys).size === keys.length) assert.deepEqual(parseStrictJson(text), JSON.parse(text));
        else assert.throws(() => parseStrictJson(text), invalid);
      }),
    );
  });
  it('takes the same key in two objects', () => {
    assert.deepEqual(parseStrictJson('[{"a":{"a":1}},{"a":[{"b":2}],"b":3}]'), [
      { a: { a: 1 } },
      { a: [{ b: 2 }], b: 3 },
    ]);
  });
  it('refuses bytes that are not UTF-8 and a byte order mark', () => {
    for (const bytes of [[0xff], [0xc0, 0x80], [0xed, 0xa0, 0x80], [0xef, 0xbb, 0xbf, 0x31]]) {
      assert.throws(() => parseStrictJsonBytes(Uint8Array.from(bytes)), invalid);
    }
  });
  it('never throws anything else', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string({ unit: 'binary' }), fc.json()), (text) => {
        try {
          parseStrictJson(text);
        } catch (error) {
          assert.ok(error instanceof KortbroError);
        }
      }),
    );
  });
});

describe('Frames', () => {
  it('come back whole however the bytes are cut', () => {
    fc.assert(
      fc.property(
        fc.array(fc.uint8Array({ minLength: 1, maxLength: 50 })),
        fc.infiniteStream(fc.integer({ min: 1, max: 9 })),
        (bodies, cuts) => {
          const stream = Buffer.concat(bodies.map((body) => encodeFrame(body, 50)));
          const reader = new FrameReader(50);
          const read: Uint8Array[] = [];
          for (let at = 0; at < stream.length;) {
            const next = at + (cuts.next().value as number);
            read.push(...reader.push(stream.subarray(at, next)));
            at = next;
          }
          assert.deepEqual(
            read.map((body) => [...body]),
            bodies.map((body) => [...body]),
          );
          assert.equal(reader.midFrame, false);
        },
      ),
    );
  });
  it('are refused before a byte is kept when they say they are too long', () => {
    assert.throws(() => new FrameReader(50).push(Uint8Array.from([51, 0, 0, 0])), { code: 'ERR_REQUEST_TOO_LARGE' });
    assert.throws(() => new FrameReader(50).push(Uint8Array.from([0, 0, 0, 0xff])), { code: 'ERR_REQUEST_TOO_LARGE' });
    assert.throws(() => encodeFrame(new Uint8Array(51), 50), { code: 'ERR_REQUEST_TOO_LARGE' });
  });
  it('are refused when empty', () => {
    assert.throws(() => new FrameReader(50).push(new Uint8Array(4)), invalid);
  });
});

describe('Messages', () => {
  const request = {
    type: 'request',
    id: 'a1',
    language: 'sv',
    verb: 'authenticate',
    caller: { kind: 'page', origin: 'https://a.se' },
    nonce: 'x',
  };
  it('of the known forms are taken', () => {
    assert.deepEqual(parseClientMessage(request), request);
    assert.deepEqual(parseClientMessage({ type: 'cancel', id: 'a1' }), { type: 'cancel', id: 'a1' });
  });
  const refused: Record<string, unknown> = {
    'an unknown key': { ...request, pin: '123456' },
    'an unknown key in the caller': { ...request, caller: { ...request.caller, admin: true } },
    'an unknown verb': { ...request, verb: 'sign-anything' },
    'a login in the name of the user': { ...request, caller: { kind: 'user' } },
    'a list of certificates for a page': { ...request, verb: 'certificates', nonce: undefined },
    'forget-pin for a page': { type: 'request', id: 'a', language: 'sv', verb: 'forget-pin', caller: request.caller },
    'a missing nonce': { ...request, nonce: undefined },
    'an id that is too long': { ...request, id: 'a'.repeat(65) },
    'an id with other characters': { ...request, id: 'a b' },
    'an array': [request],
    null: null,
  };
  for (const [name, value] of Object.entries(refused)) {
    it(`with ${name} are refused`, () => assert.throws(() => parseClientMessage(value), invalid));
  }
  it('never make the parsers throw anything else', () => {
    fc.assert(
      fc.property(fc.anything(), (value) => {
        for (const parse of [parseClientMessage, parseAgentMessage]) assert.throws(() => parse(value), invalid);
      }),
    );
  });
});

describe('Origins', () => {
  it('are https, canonical and without a path', () => {
    for (const origin of ['https://journal.example.se', 'https://a.se:8443', 'https://xn--rksmrgs-5wao1o.se'])
      assert.equal(isSecureOrigin(origin), true, origin);
  });
  const refused = [
    'null',
    '',
    'https://a.se/',
    'https://A.se',
    'https://a.se:443',
    'http://a.se',
    'https://a.se/path',
    'https://user@a.se',
    'https://a.se#',
    'https://a.se?',
    ' https://a.se',
    'file://',
    'data:text/html,',
    'https://',
    'blob:https://a.se/x',
    'https://räksmörgås.se',
    `https://${'a'.repeat(250)}.se`,
    'chrome-extension://abcdefghijklmnop',
    'javascript:alert(1)',
    'http://localhost:8080',
  ];
  for (const origin of refused)
    it(`refuse ${JSON.stringify(origin.slice(0, 40))}`, () => assert.equal(isSecureOrigin(origin), false));
  it('let localhost pass only where allowed', () => {
    assert.equal(isSecureOrigin('http://localhost:8080', true), true);
    assert.equal(isSecureOrigin('http://localhost.evil.se', true), false);
  });
});

describe('The handshake', () => {
  const bytes = encodeBase64(new Uint8Array(32));
  it('refuses short nonces, other keys, other roles, other versions', () => {
    assert.throws(() => parseGreeting(JSON.stringify({ protocol: 1, role: 'native-host', nonce: 'AAAA' })), {
      code: 'ERR_AGENT_PROOF',
    });
    assert.throws(() => parseGreeting(JSON.stringify({ protocol: 1, role: 'root', nonce: bytes })), {
      code: 'ERR_AGENT_PROOF',
    });
    assert.throws(() => parseGreeting(JSON.stringify({ protocol: 2, role: 'native-host', nonce: bytes })), {
      code: 'ERR_AGENT_VERSION',
    });
    assert.throws(() => parseGreeting(JSON.stringify({ protocol: 1, role: 'command', nonce: bytes, x: 1 })), {
      code: 'ERR_AGENT_PROOF',
    });
    assert.throws(() => parseChallenge('{"nonce":1,"proof":2}'), { code: 'ERR_AGENT_PROOF' });
    assert.throws(() => parseAnswer('[]'), { code: 'ERR_AGENT_PROOF' });
    assert.throws(() => parseEndpoint('{}'), { code: 'ERR_AGENT_ENDPOINT' });
  });
  it('proves something else for every role and direction', () => {
    const nonces = { clientNonce: new Uint8Array(32).fill(1), agentNonce: new Uint8Array(32).fill(2) };
    const swapped = { clientNonce: nonces.agentNonce, agentNonce: nonces.clientNonce };
    const all = (['native-host', 'command'] as const).flatMap((role) =>
      (['agent-to-client', 'client-to-agent'] as const).flatMap((direction) =>
        [nonces, swapped].map((pair) => Buffer.from(proofTranscript({ role, ...pair }, direction)).toString('hex')),
      ),
    );
    assert.equal(new Set(all).size, 8);
  });
  it('names a session by its display, then by its id, and never leaves its directory', () => {
    assert.equal(sessionKey({ DISPLAY: ':1.0' }), sessionKey({ DISPLAY: ':1' }));
    assert.notEqual(sessionKey({ DISPLAY: ':1' }), sessionKey({ DISPLAY: ':2' }));
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (name) =>
        assert.match(sessionKey({ XDG_SESSION_ID: name }), /^[\w-]{1,32}$/),
      ),
    );
  });
});

describe('The policy schema', () => {
  it('fills in every default', () => {
    const policy = policySchema.parse({ sites: [{ origin: 'https://a.se' }] });
    assert.deepEqual(policy.sites[0], {
      origin: 'https://a.se',
      access: 'ask',
      identity: 'hsa-id',
      issuers: [],
      logout: { keep: false },
      signing: { documents: 1, hash: false, authenticationKey: false, sha1: false },
    });
    assert.equal(policy.otherSites, 'ask');
    assert.deepEqual(policy.logout, { actions: ['event', 'call', 'clear', 'navigate'], guard: false, grace: {} });
  });
  const refused: Record<string, unknown> = {
    'a relative module path': { tokens: [{ type: 'pkcs11', module: 'opensc-pkcs11.so' }] },
    'a module path that climbs': { tokens: [{ type: 'pkcs11', module: '/usr/lib/../../home/x.so' }] },
    'an origin with a path': { sites: [{ origin: 'https://a.se/x' }] },
    'an unknown key': { allowEverything: true },
    'a wildcard': { sites: [{ origin: 'https://*.se' }] },
    'an origin twice': { sites: [{ origin: 'https://a.se' }, { origin: 'https://a.se', access: 'silent' }] },
    'an action twice': { logout: { actions: ['clear', 'clear'] } },
    'an action that is none': { logout: { actions: ['explode'] } },
    'a grace of no time': { logout: { grace: { readerSeconds: 0 } } },
    'a logout address that is not secure': { sites: [{ origin: 'https://a.se', logout: { url: 'http://a.se/x' } }] },
    'a logout address with a name': { sites: [{ origin: 'https://a.se', logout: { page: 'https://u@a.se/' } }] },
    'a proxy with a password': { logout: { proxy: 'http://u:p@proxy.se' } },
    'a relative file of authorities': { logout: { authorities: 'ca.pem' } },
    'endless PIN-SSO': { pin: { absoluteMinutes: 1e9 } },
  };
  for (const [name, value] of Object.entries(refused)) {
    it(`refuses ${name}`, () => assert.equal(policySchema.safeParse(value).success, false));
  }
});
