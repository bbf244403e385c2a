import type { HttpRequest } from '@headgate/core'

/**
 * Whether a browser asks by it whether a page may make a call of gRPC-Web (CORS-preflight request, Fetch standard): it names the
 * field that all clients of gRPC-Web send.
 */
export function isWebPreflight({ method, headers }: HttpRequest): boolean {
  if (method !== 'OPTIONS' || headers.get('access-control-request-method') !== 'POST') return false
  const asked = headers.get('access-control-request-headers')
  return asked !== undefined && asked.split(',').some((name) => name.trim().toLowerCase() === 'x-grpc-web')
}
