import { parentPort, workerData } from 'node:worker_threads'
import { createRunner } from './batch.ts'
import type { TransformOptions } from './options.ts'
import { serve } from './serve.ts'

serve(parentPort!, createRunner(workerData as TransformOptions))
