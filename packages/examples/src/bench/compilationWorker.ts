// Compiles what it was started with, in an engine that has compiled nothing before.

import { parentPort, workerData } from "node:worker_threads"
import { compile, type Task } from "./Compilation.ts"

parentPort?.postMessage(compile(workerData as Task), [])
