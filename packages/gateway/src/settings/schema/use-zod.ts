import { provide } from './library.ts'
import { library } from './zod.ts'

// Imported by whatever makes settings when it is loaded, before the settings themselves.
provide(library)
