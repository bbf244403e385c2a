import { provide } from './library.ts'
import * as zod from './zod.ts'

// Imported by whatever makes settings when it is loaded, before the settings themselves.
provide(zod)
