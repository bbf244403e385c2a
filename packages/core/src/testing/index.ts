export {
  CACHE_STORE_CASES,
  type CacheStoreCase,
  type CacheStoreLimits,
} from './cache-store-cases.ts'
export { memoryTransport } from './memory-transport.ts'
export { recorder, type Recorder, replay, type ReplayOptions } from './recorder.ts'
export type {
  RecordedBody,
  RecordedError,
  RecordedExchange,
  RecordedRequest,
  RecordedResponse,
  Recording,
} from './recording.ts'
export { ScriptedConnection, ScriptedPeer, type Script } from './scripted-peer.ts'
export { VirtualClock } from './virtual-clock.ts'
