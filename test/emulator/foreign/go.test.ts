import { goClient } from './clients.ts'
import { foreignSuite } from './suite.ts'

foreignSuite('Go', await goClient(), { progress: false })
