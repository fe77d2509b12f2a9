import { pythonClient } from './clients.ts'
import { foreignSuite } from './suite.ts'

foreignSuite('Python', await pythonClient(), { progress: true })
