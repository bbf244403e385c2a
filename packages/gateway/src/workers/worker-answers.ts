import { systemClock as clock } from '@headgate/core'
import type { RouteConfig } from '../config/schema/route-schema.ts'
import type { Gateway, PreparedUpdate } from '../gateway.ts'
import { questionNamed } from '../surveys/surveys.ts'
import type { Prepare, WorkerQuestion, WorkerReport } from './protocol.ts'
import { startFailure } from './start-failure.ts'

/** How a worker answers the supervisor. */
export function answering(
  gateway: Gateway,
  report: (report: WorkerReport) => void,
): (id: number, question: WorkerQuestion) => Promise<void> {
  let prepared: PreparedUpdate | undefined
  const answer = async (question: WorkerQuestion): Promise<unknown> => {
    switch (question.type) {
      case 'prepare':
        prepared?.abort()
        prepared = undefined
        prepared = await prepare(gateway, question)
        return prepared.listeners.map(({ port }) => port)
      case 'commit':
        if (prepared === undefined) throw new Error('nothing is prepared')
        prepared.commit(question.upstreamStates)
        prepared = undefined
        return undefined
      case 'abort':
        prepared?.abort()
        prepared = undefined
        return undefined
      case 'use-endpoints':
        gateway.metrics.learn(question.series)
        gateway.useEndpoints(question.upstreamStates)
        return undefined
      case 'use-geo':
        return gateway.useGeo(question.geo)
      case 'survey':
        return questionNamed(question.name).answer({ gateway, clock }, question.asked)
    }
  }
  return async (id, question) => {
    try {
      report({ type: 'answer', id, value: await answer(question) })
    } catch (error) {
      report({ type: 'refused', id, failure: startFailure(error) })
    }
  }
}

function prepare(gateway: Gateway, question: Prepare): Promise<PreparedUpdate> {
  gateway.metrics.learn(question.series)
  const routes = readRoutes(gateway, question.routes)
  const config = { ...question.config, routes }
  return gateway.prepare({ ...question, config, identities: question.routes })
}

/** Those that are in force already are not read again. */
function readRoutes(gateway: Gateway, texts: readonly string[]): RouteConfig[] {
  const known = new Map<string, RouteConfig>()
  for (const { identity, config } of gateway.snapshot.routes.values()) known.set(identity, config)
  return texts.map((text) => known.get(text) ?? (JSON.parse(text) as RouteConfig))
}
