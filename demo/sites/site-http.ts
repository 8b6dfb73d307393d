// What a site's server reads and writes: bodies up to a bound, JSON, files as they are.
import { timingSafeEqual } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { type IncomingMessage, type ServerResponse } from 'node:http';

export type Handler = (request: IncomingMessage, response: ServerResponse) => Promise<void> | void;

/** Bytes that a login token, or a form, never has. */
const tokenBody = 16_384;

/** Serves a file, read once. */
export function file(path: string, type: string): Handler {
  const content = readFileSync(path);
  return (_request, response) => {
    response.writeHead(200, { 'Content-Type': `${type}; charset=utf-8` }).end(content);
  };
}

export function sendJson(response: ServerResponse, status: number, value: unknown): void {
  response.writeHead(status, { 'Content-Type': 'application/json' }).end(JSON.stringify(value));
}

/** @param maximum bytes. @throws Error for a body that is no JSON by its own word, or longer */
export async function readBody(request: IncomingMessage, maximum = tokenBody): Promise<string> {
  if (request.headers['content-type'] !== 'application/json') throw new Error('not JSON');
  const parts: Buffer[] = [];
  let length = 0;
  for await (const part of request as AsyncIterable<Buffer>) {
    length += part.length;
    if (length > maximum) throw new Error('too long');
    parts.push(part);
  }
  return Buffer.concat(parts).toString('utf8');
}

/** Whether a request's Authorization header is `Bearer KEY`. */
export function hasKey(authorization: string | undefined, key: string): boolean {
  const [given, wanted] = [Buffer.from(authorization ?? ''), Buffer.from(`Bearer ${key}`)];
  return given.length === wanted.length && timingSafeEqual(given, wanted);
}
