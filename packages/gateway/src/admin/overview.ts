import type { AdminEndpoint, AdminOperation } from './endpoint.ts'

/** `/`: what there is, for whoever opens it in a browser or with curl. */
export function overview(
  endpoints: readonly AdminEndpoint[],
  operations: readonly AdminOperation[] = [],
): AdminEndpoint {
  const about = 'this list'
  const type = 'text/plain; charset=utf-8'
  const named = operations.map((each) => ({
    path: each.method === 'GET' ? each.path : `${each.method} ${each.path}`,
    about: each.about,
  }))
  const listed = [{ path: '/', about }, ...endpoints, ...named]
  const width = Math.max(...listed.map(({ path }) => path.length)) + 2
  const lines = listed.map((endpoint) => `${endpoint.path.padEnd(width)}${endpoint.about}\n`)
  const body = `headgate: admin endpoints\n\n${lines.join('')}`
  return { path: '/', about, id: 'getOverview', type, answer: () => ({ status: 200, type, body }) }
}
