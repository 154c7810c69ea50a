/**
 * The API over plain HTTP, for scripts: `/api/...` by the routes of the contract, described at
 * `/api/openapi.json`. Streams are server-sent events.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { ORPCError } from '@orpc/client';
import { OpenAPIHandler } from '@orpc/openapi/node';
import { BodyLimitPlugin } from '@orpc/server/node';
import { contract, DiskFormat } from '../../../shared/contract/index.ts';
import type { ErrorData } from '../../../shared/errors.ts';
import { isRecord } from '../rpc/errors.ts';
import { implementSite, wireErrors } from '../rpc/router.ts';
import type { SiteApi } from '../rpc/router.ts';

const MAX_BODY_BYTES = 128 * 1024;

/** Bytes, not JSON: beside the contract, `volume-content.ts`. */
const CONTENT_PATHS = {
  '/volumes/{pool}/{volume}/content': {
    parameters: ['pool', 'volume'].map((name) => ({
      name,
      in: 'path',
      required: true,
      schema: { type: 'string' },
    })),
    get: {
      summary: "The bytes of a volume's file, while nobody writes it",
      responses: { 200: { description: 'OK', content: { 'application/octet-stream': {} } } },
    },
    put: {
      summary: 'Make a volume of these bytes, or replace one that nobody uses',
      parameters: [
        {
          name: 'format',
          in: 'query',
          required: true,
          schema: { type: 'string', enum: DiskFormat.options },
        },
      ],
      requestBody: { required: true, content: { 'application/octet-stream': {} } },
      responses: { 200: { description: 'The volume', content: { 'application/json': {} } } },
    },
  },
};

export interface HttpApi {
  /** Whether the request had a route; the answer is then sent. */
  handle(request: IncomingMessage, response: ServerResponse): Promise<boolean>;
}

export function createHttpApi(site: SiteApi, version: string): HttpApi {
  const handler = new OpenAPIHandler(implementSite(site, 'unchecked'), {
    clientInterceptors: [wireErrors],
    customErrorResponseBodyEncoder: errorBody,
    plugins: [new BodyLimitPlugin({ maxBodySize: MAX_BODY_BYTES })],
  });
  let description: Promise<string> | undefined;

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<boolean> {
    if (request.url === '/api/openapi.json' && request.method === 'GET') {
      description ??= describe(version);
      response.setHeader('Content-Type', 'application/json; charset=utf-8');
      response.end(await description);
      return true;
    }
    const { matched } = await handler.handle(request, response, { prefix: '/api', context: {} });
    return matched;
  }
  return { handle };
}

/** What a script is told; requests that never reached a procedure have the library's own errors. */
function errorBody({ code, message, data }: ORPCError<string, unknown>): ErrorData {
  if (code === 'PAYLOAD_TOO_LARGE') {
    const limit = `${MAX_BODY_BYTES / 1024} KiB`;
    const sentence = `The body of a request has at most ${limit}. Send less.`;
    return { code: 'http.too-large', message: sentence, data: { maxBytes: MAX_BODY_BYTES } };
  }
  if (code === 'BAD_REQUEST') {
    const sentence = 'The body of the request is not the JSON that its Content-Type announces.';
    return { code: 'http.bad-body', message: sentence, data: {} };
  }
  return { code, message, data: isRecord(data) ? data : {} };
}

/** The generator is loaded when the description is first asked for: most runs never do. */
async function describe(version: string): Promise<string> {
  const { OpenAPIGenerator } = await import('@orpc/openapi');
  const { ZodToJsonSchemaConverter } = await import('@orpc/zod/zod4');
  const generator = new OpenAPIGenerator({ schemaConverters: [new ZodToJsonSchemaConverter()] });
  const document = await generator.generate(contract, {
    info: {
      title: 'Domus',
      version,
      description: 'Domains of simulated Xen hosts. Errors are `{ code, message, data }`.',
    },
    servers: [{ url: '/api' }],
    security: [{ token: [] }],
    components: { securitySchemes: { token: { type: 'http', scheme: 'bearer' } } },
  });
  return JSON.stringify({ ...document, paths: { ...document.paths, ...CONTENT_PATHS } });
}
