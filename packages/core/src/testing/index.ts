export { ScriptedConnection, ScriptedPeer, type Script } from './scripted-peer.ts'
export { VirtualClock } from './virtual-clock.ts'
