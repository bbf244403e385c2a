import type { AdminEndpoint } from './endpoint.ts'

/** `/`: what there is, for whoever opens it in a browser or with curl. */
export function overview(endpoints: readonly AdminEndpoint[]): AdminEndpoint {
  const about = 'this list'
  const listed = [{ path: '/', about }, ...endpoints]
  const width = Math.max(...listed.map(({ path }) => path.length)) + 2
  const lines = listed.map((endpoint) => `${endpoint.path.padEnd(width)}${endpoint.about}\n`)
  const body = `headgate: admin endpoints\n\n${lines.join('')}`
  return { path: '/', about, answer: () => ({ status: 200, type: 'text/plain; charset=utf-8', body }) }
}
