// From a parsed request to its result, verb by verb, in the form that its asker reads.
import assert from 'node:assert/strict';
import { perform } from '../../../agent/operations/perform.ts';
import { parseResult, type Request } from '../../../shared/messages.ts';
import { productVersion } from '../../../shared/names.ts';
import { cardKey, journal, noChannel, OperationWorld } from './operation-world.ts';

describe('A request', () => {
  let world: OperationWorld;
  beforeEach(() => {
    world = new OperationWorld();
  });
  afterEach(() => world.pinentry.remove());
  const call = { language: 'sv', signal: new AbortController().signal, profile: 'p' } as const;
  const base = { type: 'request', id: '1', language: 'sv' } as const;

  const run = (request: Request) => perform(world.context, call, request, noChannel);

  it('of every verb comes to its result, in the form that its asker reads', async () => {
    await world.insert([await cardKey('45')]);
    const nonce = Buffer.alloc(33, 7).toString('base64');
    const page = { kind: 'page', origin: journal } as const;
    const user = { kind: 'user' } as const;
    const login = await run({ ...base, verb: 'authenticate', caller: page, nonce });
    assert.equal(parseResult('authenticate', login.result).algorithm, 'ES256');
    assert.match(login.token ?? '', /^[0-9a-f]{16}$/);
    const toPage = await run({ ...base, verb: 'status', caller: page });
    assert.deepEqual(parseResult('status', toPage.result), { agent: productVersion, card: 'present' });
    const toUser = await run({ ...base, verb: 'status', caller: user });
    assert.ok('readers' in parseResult('status', toUser.result));
    const list = await run({ ...base, verb: 'certificates', caller: user });
    assert.equal(parseResult('certificates', list.result).certificates.length, 1);
    const forgotten = await run({ ...base, verb: 'forget-pin', caller: user });
    assert.deepEqual(parseResult('forget-pin', forgotten.result), { ended: 1 });
  });
});
