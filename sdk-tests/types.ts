import Anthropic from '@anthropic-ai/sdk'
import { createClient } from '@headgate/client'
import { createTRPCClient, httpLink } from '@trpc/client'
import { initTRPC } from '@trpc/server'
import OpenAI from 'openai'

// Compiled, not run: `fetch: api.fetch` is what these take, under strict and exactOptionalPropertyTypes.
const api = createClient({ preset: 'fetch' })
const url = 'http://127.0.0.1:1'

export const openai: OpenAI = new OpenAI({ apiKey: 'k', fetch: api.fetch })
export const anthropic: Anthropic = new Anthropic({ apiKey: 'k', fetch: api.fetch })
const { router, procedure } = initTRPC.create()
const service = router({ ping: procedure.query(() => 'pong') })
export const trpc: ReturnType<typeof createTRPCClient<typeof service>> = createTRPCClient<typeof service>({
  links: [httpLink({ url, fetch: api.fetch })],
})
