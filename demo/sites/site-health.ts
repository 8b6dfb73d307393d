// Asks a site over its own https who is logged in there: what the demonstration's steps are judged by.
import { request } from 'node:https';
import { type Site, type SiteState } from './site-server.ts';

/** @param authority PEM of the root above the site's certificate. @throws Error when the site does not answer */
export function askSite({ definition, origin, healthKey }: Site, authority: string): Promise<SiteState> {
  return new Promise((resolve, reject) => {
    const { host, hostname, port } = new URL(origin);
    const question = request({
      // Only browsers know by themselves that every name below localhost is this machine (RFC 6761 6.3).
      hostname: '127.0.0.1',
      port,
      path: '/healthz',
      servername: hostname,
      ca: authority,
      agent: false,
      headers: { host, authorization: `Bearer ${healthKey}` },
      timeout: 5_000,
    });
    question.on('timeout', () => question.destroy(new Error(`${definition.name} does not answer`)));
    question.on('error', reject);
    question.on('response', (response) => {
      const parts: Buffer[] = [];
      response.on('data', (part: Buffer) => parts.push(part));
      response.on('error', reject);
      response.on('end', () => {
        if (response.statusCode === 200) resolve(JSON.parse(Buffer.concat(parts).toString()) as SiteState);
        else reject(new Error(`${definition.name} answers ${response.statusCode ?? 'nothing'}`));
      });
    });
    question.end();
  });
}
