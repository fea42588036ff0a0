// How reals are held: the types, instructions and sizes of both precisions.

import type { Precision } from "../../precision.ts"

const both = {
  float64: {
    type: "f64",
    floats: "f64x2",
    /** Truth values of lanes: all bits or none. */
    masks: "i64x2",
    lanes: [0, 1],
    bytes: 8,
    load: "f64.load",
    store: "f64.store",
    loadSplat: "v128.load64_splat",
    loadZero: "v128.load64_zero",
    loadLane: "v128.load64_lane",
    storeLane: "v128.store64_lane",
    splat: "f64x2.splat",
    extract: "f64x2.extract_lane",
    replace: "f64x2.replace_lane",
    /** How far to shift the bytes of reals for the bytes of others. */
    shift: { real: 0, index: 1, bool: 3 }
  },
  float32: {
    type: "f32",
    floats: "f32x4",
    masks: "i32x4",
    lanes: [0, 1, 2, 3],
    bytes: 4,
    load: "f32.load",
    store: "f32.store",
    loadSplat: "v128.load32_splat",
    loadZero: "v128.load32_zero",
    loadLane: "v128.load32_lane",
    storeLane: "v128.store32_lane",
    splat: "f32x4.splat",
    extract: "f32x4.extract_lane",
    replace: "f32x4.replace_lane",
    shift: { real: 0, index: 0, bool: 2 }
  }
} as const

export type Reals = (typeof both)[Precision]

export const realsOf = (precision: Precision): Reals => both[precision]
