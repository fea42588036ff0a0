// Emits what would be published: ES modules, declarations and source maps in each package's `dist`, checked with publint.

import { execFileSync } from "node:child_process"
import { rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { packages, root } from "./workspace.ts"

const run = (command: string, args: ReadonlyArray<string>, cwd: string): void => {
  execFileSync(join(root, "node_modules", ".bin", command), args, { cwd, stdio: "inherit" })
}

const order = ["core", "forward-mode", "reverse-mode", "calculus", "compiler", "optim", "testing"]
const published = order.map((name) => packages.find((p) => p.name === name)!)

for (const { folder } of published) {
  rmSync(join(folder, "dist"), { recursive: true, force: true })
  const config = join(folder, "tsconfig.build.json")
  writeFileSync(
    config,
    JSON.stringify({
      extends: "../../tsconfig.base.json",
      compilerOptions: {
        noEmit: false,
        rootDir: "src",
        outDir: "dist",
        declaration: true,
        declarationMap: true,
        sourceMap: true,
        rewriteRelativeImportExtensions: true,
        stripInternal: true,
        // In the workspace packages stand for their sources; here they must be what a reader of the published package sees.
        paths: Object.fromEntries(
          order.flatMap((name) => [
            [`@fluxion/${name}`, [`../${name}/dist/index.d.ts`]],
            [`@fluxion/${name}/*`, [`../${name}/dist/*.d.ts`]]
          ])
        )
      },
      include: ["src"]
    })
  )
  try {
    run("tsc", ["-p", "tsconfig.build.json"], folder)
  } finally {
    rmSync(config)
  }
}

for (const { folder, manifest } of published) {
  console.log(`publint ${manifest.name}`)
  run("publint", ["--strict", "."], folder)
}
