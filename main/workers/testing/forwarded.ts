/** What a program on this machine gets through a forwarded port. */
import { createHash } from 'node:crypto';
import { get } from 'node:http';

/** Of what a guest's web server has at /data. */
export function md5OfForwarded(port: number): Promise<string> {
  return new Promise((resolve, reject) => {
    get({ host: '127.0.0.1', port, path: '/data', agent: false }, (response) => {
      const hash = createHash('md5');
      response.on('data', (chunk: Buffer) => hash.update(chunk));
      response.on('end', () => resolve(hash.digest('hex')));
      response.on('error', reject);
    }).on('error', reject);
  });
}
