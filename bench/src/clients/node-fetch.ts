import { type Client, bytesOf } from './client.ts'

/** The `fetch` that Node brings, as it is; its connections are as many as there are requests. */
export const nodeFetch: Client = {
  name: 'node-fetch',
  streams: true,
  open: async ({ origin, smallPath, largePath }) => ({
    json: async () => (await fetch(origin + smallPath)).json(),
    download: async () => bytesOf((await fetch(origin + largePath)).body),
  }),
}
