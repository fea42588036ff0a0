// Guards: checks, in the order of evaluation.

import { CallSite } from "@fluxion/core"
import type { Lowerings } from "./model.ts"
import * as View from "./view.ts"

export const guard: Lowerings<"ensure" | "after"> = {
  ensure: (builder, { guard }, [x, holds]) => {
    const { path } = builder
    const site = CallSite.inherited() ?? undefined
    builder.nest(x.shape, (index) => {
      builder.emit({
        _tag: "Check",
        condition: View.broadcastAt(holds, index),
        value: View.at(x, index),
        index,
        path,
        guard,
        site
      })
    })
    return x
  },
  after: (_, __, [x]) => x
}
