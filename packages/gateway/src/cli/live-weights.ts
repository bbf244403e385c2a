import type { LiveWeights } from '../explain/explain.ts'
import type { AdminClient } from './admin-client.ts'

/** What `GET /routes` answers, as far as it is read. */
interface RoutesAnswer {
  readonly routes: readonly {
    readonly name: string
    readonly split?: { readonly present?: Readonly<Record<string, number>> }
  }[]
}

/** The weights that splits have by now in a running gateway. Rejects with an AdminError if none answers. */
export async function liveWeights(client: AdminClient): Promise<LiveWeights> {
  const { routes } = (await client.call('GET', '/routes')) as RoutesAnswer
  return new Map(
    routes.flatMap(({ name, split }) => {
      const present = split?.present
      if (present === undefined) return []
      if (!areWeights(present)) throw new TypeError(`the weights of ${JSON.stringify(name)} are none`)
      return [[name, present]]
    }),
  )
}

function areWeights(present: unknown): boolean {
  if (typeof present !== 'object' || present === null) return false
  return Object.values(present).every((weight) => Number.isSafeInteger(weight) && weight >= 0)
}
