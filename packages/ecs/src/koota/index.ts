export { kootaPort, KootaPort, traitOf } from './koota-port.ts'
