// How the user's proxy settings are read, in every form in which WinHTTP gives them. The settings themselves are Windows's.
import assert from 'node:assert/strict';
import { proxiesIn } from '../../../agent/native/system-proxy.ts';

const site = 'https://vard.example.se/';
const chosen = (proxies: string, url = site, bypass = ''): string[] => proxiesIn({ proxies, bypass }, new URL(url));
const isDirect = (bypass: string, url = site): boolean => chosen('proxy:80', url, bypass).length === 0;

describe('proxies in the settings of Windows', () => {
  it('are none when there are none', () => {
    assert.deepEqual(chosen(''), []);
    assert.deepEqual(chosen(' ; '), []);
  });

  it('are one for everything, or one for each scheme', () => {
    assert.deepEqual(chosen('proxy.example.se:8080'), ['http://proxy.example.se:8080']);
    assert.deepEqual(chosen('http=one:81;https=two:82'), ['http://two:82']);
    assert.deepEqual(chosen('http=one:81;https=two:82', 'http://vard.example.se/'), ['http://one:81']);
    assert.deepEqual(chosen('http=one:81;three:83'), ['http://three:83']);
  });

  it('are more than one, best first, as a script names them', () => {
    assert.deepEqual(chosen('one:81;two:82'), ['http://one:81', 'http://two:82']);
    assert.deepEqual(chosen('one:81 two:82'), ['http://one:81', 'http://two:82']);
  });

  it('have the port of their scheme when none is written, and may be reached by TLS', () => {
    assert.deepEqual(chosen('proxy'), ['http://proxy:80']);
    assert.deepEqual(chosen('https=https://proxy'), ['https://proxy:443']);
    assert.deepEqual(chosen('http://[2001:db8::1]:3128'), ['http://[2001:db8::1]:3128']);
  });

  it('are not those for other protocols, nor what is no address', () => {
    assert.deepEqual(chosen('socks=proxy:1080'), []);
    assert.deepEqual(chosen('socks4://proxy:1080;ftp=other:21'), []);
    assert.deepEqual(chosen('http://;proxy:999999'), []);
  });

  it('are passed by for names that the list covers', () => {
    assert.ok(isDirect('vard.example.se'));
    assert.ok(isDirect('*.example.se'));
    assert.ok(isDirect('VARD.example.SE'));
    assert.ok(isDirect('other;*example*'));
    assert.ok(!isDirect('example.se'));
    assert.ok(!isDirect('*.annan.se;vard'));
    assert.ok(!isDirect('vardXexampleXse'));
  });

  it('are passed by for a scheme or port only where the list says so', () => {
    assert.ok(isDirect('https://vard.example.se'));
    assert.ok(!isDirect('http://vard.example.se'));
    assert.ok(isDirect('vard.example.se:443'));
    assert.ok(!isDirect('vard.example.se:8443'));
    assert.ok(isDirect('*:8443', 'https://vard.example.se:8443/'));
  });

  it('are passed by for local names, which have no dot', () => {
    assert.ok(isDirect('<local>', 'https://intranet/'));
    assert.ok(!isDirect('<local>'));
    assert.ok(!isDirect('<local>', 'https://[2001:db8::1]/'));
  });

  it('survive a list that means nothing', () => {
    assert.ok(!isDirect('((;[;*x**y;://;:'));
  });
});
