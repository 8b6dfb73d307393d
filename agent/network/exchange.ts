// One HTTP exchange on a connection of its own: the system's trust and proxy, no redirect followed, no cookie, nothing kept
// alive, no TLS session resumed, and of the answer only as much as was said.
import { type ClientRequest, request as plainRequest, type RequestOptions } from 'node:http';
import { request as secureRequest } from 'node:https';
import { productVersion } from '../../shared/names.ts';
import { connectSecurely, hostAndPort, lookupSite } from './connection.ts';
import { openTunnel, proxyCredentials, proxyFor, type SystemProxy } from './proxy.ts';
import { type TrustStore } from './trust-store.ts';

export interface Exchange {
  method: 'GET' | 'POST';
  headers?: Record<string, string>;
  body?: string | Uint8Array;
  /** Bytes that are read of the answer. */
  most: number;
}

/** What an exchange stands on. */
export interface Network {
  trust: TrustStore;
  /** PEM file of policy's with further authorities. */
  authorities: string | undefined;
  /** By policy; without it the system's word holds. */
  proxy: string | undefined;
  systemProxy: SystemProxy;
}

export interface Answer {
  status: number;
  body: Buffer;
  /** Whether the body came to its end, within the bytes allowed. */
  whole: boolean;
}

/**
 * Sends and waits for the answer. http addresses that are not the machine's own go through the proxy, too.
 * @throws Error when no answer has come or `signal` aborts
 */
export async function exchange(
  url: URL,
  { method, headers, body, most }: Exchange,
  { trust, authorities, proxy: configured, systemProxy }: Network,
  signal: AbortSignal,
): Promise<Answer> {
  const length = body === undefined ? {} : { 'Content-Length': Buffer.byteLength(body) };
  const options: RequestOptions = {
    method,
    signal,
    headers: { 'User-Agent': `Kortbro/${productVersion}`, ...headers, ...length },
  };
  const proxy = await proxyFor(url, configured, systemProxy);
  if (url.protocol === 'http:') return conclude(overPlainHttp(url, options, proxy), body, most);
  const context = trust.context(authorities);
  const tunnel = proxy === undefined ? undefined : await openTunnel(proxy, url, context, signal);
  const createConnection = () => connectSecurely(url, context, tunnel);
  return conclude(secureRequest(url, { ...options, createConnection }), body, most);
}

/** A proxy gets the whole address (RFC 9112 3.2.2). */
function overPlainHttp(url: URL, options: RequestOptions, proxy: URL | undefined): ClientRequest {
  if (proxy === undefined) return plainRequest(url, { ...options, agent: false, lookup: lookupSite });
  if (proxy.protocol !== 'http:') throw new TypeError('plain addresses go through plain proxies only');
  const headers = { Host: url.host, ...(options.headers as Record<string, string>), ...proxyCredentials(proxy) };
  return plainRequest({ ...options, ...hostAndPort(proxy), path: url.href, headers, agent: false });
}

/** The status stands however the body ends. */
function conclude(request: ClientRequest, body: string | Uint8Array | undefined, most: number): Promise<Answer> {
  return new Promise((resolve, reject) => {
    let status: number | undefined;
    let whole = false;
    const parts: Buffer[] = [];
    let failure = new Error('closed without an answer');
    request.on('error', (error) => (failure = error));
    request.on('response', (response) => {
      status = response.statusCode;
      let left = most;
      response.on('error', () => undefined);
      response.on('end', () => (whole = response.complete && left >= 0));
      response.on('data', (part: Buffer) => {
        left -= part.length;
        if (left >= 0) parts.push(part);
        else request.destroy();
      });
    });
    request.on('close', () => {
      if (status === undefined) reject(failure);
      else resolve({ status, body: Buffer.concat(parts), whole });
    });
    request.end(body);
  });
}
