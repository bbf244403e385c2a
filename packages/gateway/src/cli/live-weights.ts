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
    routes.flatMap(({ name, split }) => (split?.present === undefined ? [] : [[name, split.present]])),
  )
}
