// Runs one of the programs of this folder in a process of its own, and gives what it logs.

import { execFileSync } from "node:child_process"
import { join } from "node:path"

export const runChild = (file: string, flags: ReadonlyArray<string>): unknown =>
  JSON.parse(execFileSync(process.execPath, [...flags, join(import.meta.dirname, file)], { encoding: "utf8" }))
