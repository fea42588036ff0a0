// Measures values and derivatives against outside references, and writes docs/references.md.
//
//   node packages/testing/scripts/references.ts

import { writeFileSync } from "node:fs"
import * as Fixtures from "@fluxion/testing/Fixtures"
import * as Mgh from "./references/mgh.ts"
import * as Nist from "./references/nist.ts"
import * as Torch from "./references/torch.ts"

const page = [
  "# Outside references",
  "",
  "What others have computed, and how far we are from it: the worst error of each case. Elementary functions have [a page of their own](accuracy.md). Where the data come",
  "from is said in [SOURCES.md](../packages/testing/data/SOURCES.md). This page is written by `node packages/testing/scripts/references.ts`; the tests `torch`, `nist` and",
  "`mgh` of packages/testing measure again, and fail where it shows anything else.",
  "",
  Torch.render(Torch.cases.map((each) => Torch.measure(each))),
  Nist.render(Fixtures.nistNames.map((name) => Nist.measure(name))),
  Mgh.render(Mgh.references.map((each) => Mgh.measure(each)))
].join("\n")

writeFileSync(new URL("../../../docs/references.md", import.meta.url), page)
console.log(page)
