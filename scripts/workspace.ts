// What the scripts know of the workspace.

import { globSync, readFileSync } from "node:fs"
import { basename, dirname, join } from "node:path"

export const root = dirname(import.meta.dirname)

export interface Manifest {
  readonly name: string
  readonly private?: boolean
  readonly dependencies?: Readonly<Record<string, string>>
  readonly optionalDependencies?: Readonly<Record<string, string>>
  readonly peerDependencies?: Readonly<Record<string, string>>
}

export interface Package {
  readonly name: string
  readonly folder: string
  readonly manifest: Manifest
  readonly sources: ReadonlyArray<string>
}

export const packages: ReadonlyArray<Package> = globSync("packages/*/package.json", { cwd: root })
  .sort()
  .map((path) => {
    const folder = join(root, dirname(path))
    return {
      name: basename(folder),
      folder,
      manifest: JSON.parse(readFileSync(join(root, path), "utf8")) as Manifest,
      sources: globSync("src/**/*.ts", { cwd: folder }).sort()
    }
  })
