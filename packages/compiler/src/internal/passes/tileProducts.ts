// Products of matrices: nests that add up products of two arrays are cut into tiles whose sums stay in local variables, so that each number that is read from
// memory is used several times.
//
// A loop of `n` iterations in `u` copies becomes one of `n / u` iterations whose body stands there `u` times, for the places `l`, `l + n / u`, and so on: neighbours
// stay neighbours, so that the loop can still run on vectors. Each element is the sum of the same terms in the same order as before.

import * as Affine from "../loops/affine.ts"
import {
  type Access,
  access,
  assign,
  type Assign,
  forLoop,
  literal,
  type Loop,
  type LoopProgram,
  makeBuffer,
  makeLoop,
  type Statement,
  storageOf
} from "../loops/model.ts"
import { fixedExtent, nestOf } from "../loops/nest.ts"
import { forEachAccess, mapBlocks } from "../loops/walk.ts"

/** Matrices of fewer products than this, or of a shorter side, are left for fusion. */
const LEAST_PRODUCTS = 1024
const LEAST_EXTENT = 4

/** How many rows and columns a tile has at most: with the factors, what 16 registers hold. */
const ROWS = 4
const COLUMNS = 2

/** Terms that are added up at a time: what they are read from stays in the cache for the next tiles. */
const TERMS = 128

/** Bytes that a sum may reach over in one array, for the next tile to find them in the cache. */
const REACH = 32768

interface Product {
  readonly statement: Assign
  readonly target: Access
  readonly left: Access
  readonly right: Access
  readonly isStrong: boolean
  /** Loops that all three arrays have, and what is left of those of rows and columns. */
  readonly outer: ReadonlyArray<Loop>
  /** The loop of `left` and the target, and that of `right` and the target. */
  readonly row: Loop
  readonly column: Loop
  readonly sums: ReadonlyArray<Loop>
  /** Whether the columns lie side by side, or else the terms of a sum. */
  readonly isAlongColumns: boolean
}

const extentOf = (loop: Loop): number => loop.extent as number

const size = (loops: ReadonlyArray<Loop>): number => loops.reduce((a, loop) => a * extentOf(loop), 1)

const strideOf = (a: Access, loop: Loop): number => Affine.factorOf(Affine.linear(a), loop)

const uses = (a: Access, loop: Loop): boolean => a.at.some((subscript) => Affine.factorOf(subscript, loop) !== 0)

/** Reads a statement as a product of matrices that is worth tiles. */
const productOf = (statement: Statement, least: number): Product | undefined => {
  const { body, loops } = nestOf(statement)
  const [only] = body
  if (loops.length < 3 || body.length !== 1 || only!._tag !== "Assign" || only!.combine !== "add") return
  if (only!.operation !== "mul" && only!.operation !== "mulStrongZero") return
  if (!loops.every(({ isParallel, isReverse, loop }) => isParallel && !isReverse && fixedExtent(loop) !== undefined))
    return
  const all = loops.map(({ loop }) => loop)
  const { target } = only!
  const [x, y] = only!.operands
  if (x!._tag !== "Access" || y!._tag !== "Access") return
  const accesses = [target, x!, y!]
  if (
    accesses.some(({ at, buffer }) => buffer.elementType !== "real" || at.some(({ dynamic }) => dynamic.length > 0))
  ) {
    return
  }
  if (accesses.some(({ buffer }) => buffer.role === "tape")) return
  if ([x!, y!].some(({ buffer }) => storageOf(buffer) === storageOf(target.buffer))) return
  const own = { both: [] as Array<Loop>, left: [] as Array<Loop>, right: [] as Array<Loop>, sums: [] as Array<Loop> }
  for (const loop of all) {
    const [t, l, r] = accesses.map((a) => uses(a, loop))
    if (t && l && r) own.both.push(loop)
    else if (t && l) own.left.push(loop)
    else if (t && r) own.right.push(loop)
    else if (!t && l && r) own.sums.push(loop)
    else return
  }
  if (own.sums.length === 0 || own.left.length === 0 || own.right.length === 0) return
  const terms = size(own.sums)
  const reach = (a: Access): number =>
    8 * own.sums.reduce((sum, loop) => sum + Math.min(TERMS, extentOf(loop)) * Math.abs(strideOf(a, loop)), 0)
  const made = (isSwapped: boolean): Product => {
    const [left, right] = isSwapped ? [y!, x!] : [x!, y!]
    const [rows, columns] = isSwapped ? [own.right, own.left] : [own.left, own.right]
    const isSideBySide = (loop: Loop): boolean =>
      strideOf(target, loop) === 1 && strideOf(right, loop) === 1 && extentOf(loop) >= 2 * COLUMNS
    // Of several loops the one along which results lie closest together, but for short ones: the others stay around the tiles, where they can be fused.
    const closest = (of: ReadonlyArray<Loop>): Loop => {
      const long = of.filter((loop) => extentOf(loop) >= 2 * LEAST_EXTENT)
      return long.length > 0
        ? long.reduce((a, b) => (Math.abs(strideOf(target, b)) < Math.abs(strideOf(target, a)) ? b : a))
        : of.reduce((a, b) => (extentOf(b) > extentOf(a) ? b : a))
    }
    const along = columns.find(isSideBySide)
    const [row, column] = [closest(rows), along ?? closest(columns)]
    // The terms that lie side by side innermost.
    const sums = own.sums.toSorted(
      (a, b) => strideOf(left, b) + strideOf(right, b) - strideOf(left, a) - strideOf(right, a)
    )
    return {
      statement: only! as Assign,
      target,
      left,
      right,
      isStrong: only!.operation === "mulStrongZero",
      outer: all.filter((loop) => loop !== row && loop !== column && !own.sums.includes(loop)),
      row,
      column,
      sums,
      isAlongColumns: along !== undefined && (terms < 2 * ROWS || (reach(left) <= REACH && reach(right) <= REACH))
    }
  }
  const product = made(false)
  const sides = [extentOf(product.row), extentOf(product.column), terms]
  if (sides.some((side) => side < LEAST_EXTENT) || sides.reduce((a, b) => a * b) < least) return
  if (product.isAlongColumns) return product
  const swapped = made(true)
  if (swapped.isAlongColumns) return swapped
  // Rows are what more of stand in a tile.
  return extentOf(swapped.row) > extentOf(product.row) ? swapped : product
}

/** Whether a statement sets all that a product adds to, and nothing else, to zero. */
const isFillOf = (statement: Statement, { target }: Product, own: ReadonlyArray<Loop>): boolean => {
  const { body, loops } = nestOf(statement)
  const [only] = body
  if (body.length !== 1 || only!._tag !== "Assign" || only!.combine !== undefined || only!.operation !== "copy")
    return false
  const [operand] = only!.operands
  if (only!.target.buffer !== target.buffer || operand!._tag !== "Literal" || !Object.is(operand!.value, 0))
    return false
  const partner = new Map<Loop, Loop>()
  const fits = only!.target.at.every((subscript, axis) => {
    const other = target.at[axis]!
    if (subscript.constant !== other.constant || subscript.terms.length !== other.terms.length) return false
    if (subscript.terms.length === 0) return subscript.dynamic.length === 0 && other.dynamic.length === 0
    const [a, b] = [subscript.terms[0]!, other.terms[0]!]
    if (subscript.terms.length > 1 || subscript.dynamic.length > 0) return false
    if (a.factor !== b.factor || a.loop.extent !== b.loop.extent) return false
    // Loops around both are the same one.
    if (!own.includes(b.loop)) return a.loop === b.loop
    if (partner.has(a.loop)) return false
    partner.set(a.loop, b.loop)
    return true
  })
  return (
    fits &&
    partner.size === loops.length &&
    loops.every(({ loop }) => partner.has(loop)) &&
    new Set(partner.values()).size === own.length
  )
}

/** A part of a loop: how many iterations, where the first of them is, and how many copies of each. */
interface Part {
  readonly iterations: number
  readonly start: number
  readonly copies: number
}

/** Cuts a loop into a part of `most` copies, of iterations in multiples of `by`, and what is left over. */
const cut = (loop: Loop, most: number, by: number): ReadonlyArray<Part> => {
  const extent = extentOf(loop)
  const iterations = Math.floor(extent / (most * by)) * by
  const start = iterations * most
  const rest = extent - start
  return [
    { iterations, start: 0, copies: most },
    // What is left over are few: one iteration of that many copies, unless it runs on vectors.
    by === 1 ? { iterations: Math.min(1, rest), start, copies: rest } : { iterations: rest, start, copies: 1 }
  ].filter((part) => part.iterations > 0)
}

/** The places of the copies of an iteration. */
const placesOf = ({ copies, iterations, start }: Part, loop: Loop): ReadonlyArray<Affine.Affine> =>
  Array.from({ length: copies }, (_, i) => Affine.add(Affine.ofLoop(loop), Affine.constant(start + i * iterations)))

const real = { elementType: "real", shape: [] } as const

const parallel = { isParallel: true } as const

/** Puts loops around a block. */
const around = (loops: ReadonlyArray<Loop>, body: ReadonlyArray<Statement>): ReadonlyArray<Statement> =>
  loops.reduceRight<ReadonlyArray<Statement>>((inner, loop) => [forLoop(loop, inner, parallel)], body)

/** The tiles of a product. */
const tiles = (
  product: Product,
  options: { readonly target: Access; readonly isFromZero: boolean }
): ReadonlyArray<Statement> => {
  const { column, isAlongColumns, left, right, row, sums } = product
  const { isFromZero, target } = options
  const rows = cut(row, ROWS, 1)
  const columns = cut(column, COLUMNS, isAlongColumns ? 2 : 1)
  /** All tiles, adding up some of the terms: those of a range of the outermost sum, from a start. */
  const block = (start: Affine.Affine, iterations: number, starts: boolean): ReadonlyArray<Statement> =>
    columns.flatMap((columnPart) => {
      const columnLoop = makeLoop(columnPart.iterations)
      const inside = rows.flatMap((rowPart): ReadonlyArray<Statement> => {
        // Each nest has loops of its own.
        const rowLoop = makeLoop(rowPart.iterations)
        const termLoops = [makeLoop(iterations), ...sums.slice(1).map(({ extent }) => makeLoop(extent))]
        const cells = placesOf(rowPart, rowLoop).flatMap((i) =>
          placesOf(columnPart, columnLoop).map((j) => {
            const to = (a: Access): Access =>
              Affine.substituteAccess(a, (loop) => {
                if (loop === row) return i
                if (loop === column) return j
                const sum = sums.indexOf(loop)
                if (sum < 0) return undefined
                return sum === 0 ? Affine.add(start, Affine.ofLoop(termLoops[0]!)) : Affine.ofLoop(termLoops[sum]!)
              })
            return { sum: access(makeBuffer("temporary", real)), target: to(target), left: to(left), right: to(right) }
          })
        )
        const terms = cells.map((cell) => assign(cell.sum, "mul", [cell.left, cell.right], { combine: "add" }))
        return [
          forLoop(
            rowLoop,
            [
              ...cells.map((cell) => assign(cell.sum, "copy", [starts ? literal("real", 0) : cell.target])),
              ...around(termLoops, terms),
              ...cells.map((cell) => assign(cell.target, "copy", [cell.sum]))
            ],
            parallel
          )
        ]
      })
      return [forLoop(columnLoop, inside, parallel)]
    })
  const count = extentOf(sums[0]!)
  if (count <= 2 * TERMS) return block(Affine.zero, count, isFromZero)
  const size = evenPart(count)
  const chunk = makeLoop(Math.floor(count / size))
  const rest = count % size
  return [
    ...(isFromZero ? over([row, column], assign(target, "copy", [literal("real", 0)])) : []),
    forLoop(chunk, block(Affine.ofLoop(chunk, size), size, false), { isParallel: false }),
    ...(rest === 0 ? [] : block(Affine.constant(count - rest), rest, false))
  ]
}

/** The size of parts of a long sum: an even one that leaves nothing over, where there is one of about the right size. */
const evenPart = (count: number): number => {
  for (let part = 1.5 * TERMS; part >= TERMS / 2; part -= 2) if (count % part === 0) return part
  return TERMS
}

/** An assignment for all places of loops, by new loops. */
const over = (loops: ReadonlyArray<Loop>, statement: Assign): ReadonlyArray<Statement> => {
  const fresh = new Map(loops.map((loop) => [loop, makeLoop(loop.extent)]))
  const to = (loop: Loop): Affine.Affine | undefined => (fresh.has(loop) ? Affine.ofLoop(fresh.get(loop)!) : undefined)
  return around(
    [...fresh.values()],
    [
      {
        ...statement,
        target: Affine.substituteAccess(statement.target, to),
        operands: statement.operands.map((operand) => Affine.substituteOperand(operand, to))
      }
    ]
  )
}

/** Copies of operands in which the terms of a sum lie side by side: those to make once, and those of each iteration of the outer loops. */
const packed = (
  product: Product
): { readonly product: Product; readonly once: ReadonlyArray<Statement>; readonly each: ReadonlyArray<Statement> } => {
  const { column, isAlongColumns, left, outer, right, row, sums } = product
  const once: Array<Statement> = []
  const each: Array<Statement> = []
  if (isAlongColumns) return { product, once, each }
  const pack = (a: Access, own: Loop, reuse: Loop): Access => {
    if (strideOf(a, sums.at(-1)!) === 1 || extentOf(reuse) < 2 * ROWS) return a
    const loops = [own, ...sums]
    const made = access(
      makeBuffer("temporary", { elementType: "real", shape: loops.map(extentOf) }),
      loops.map((loop) => Affine.ofLoop(loop))
    )
    const copies = over(loops, assign(made, "copy", [a]))
    ;(outer.some((loop) => uses(a, loop)) ? each : once).push(...copies)
    return made
  }
  return { product: { ...product, left: pack(left, row, column), right: pack(right, column, row) }, once, each }
}

/** A product as tiles; `isFilled` where zeros, and nothing else, are what it adds to. */
const tiled = (original: Product, isFilled: boolean): ReadonlyArray<Statement> => {
  const { column, isStrong, outer, row, statement, sums, target } = original
  const { each, once, product } = packed(original)
  if (!isStrong) return [...once, ...around(outer, [...each, ...tiles(product, { target, isFromZero: isFilled })])]
  // Where no sum is NaN, no product was, and a zero beside an infinity or a NaN is nowhere: the products are those of IEEE arithmetic. Else all is computed again.
  const own = isFilled
    ? target
    : access(
        makeBuffer("temporary", { elementType: "real", shape: [row, column].map(extentOf) }),
        [row, column].map((loop) => Affine.ofLoop(loop))
      )
  const sum = access(makeBuffer("temporary", real))
  const isNaN = access(makeBuffer("temporary", { elementType: "bool", shape: [] }))
  const both = [row, column]
  return [
    ...once,
    ...around(outer, [
      ...each,
      ...tiles(product, { target: own, isFromZero: true }),
      assign(sum, "copy", [literal("real", 0)]),
      ...over(both, assign(sum, "copy", [own], { combine: "add" })),
      assign(isNaN, "ne", [sum, sum]),
      {
        _tag: "If",
        condition: isNaN,
        whenTrue: [
          ...over(both, assign(own, "copy", [literal("real", 0)])),
          ...over([...both, ...sums], { ...statement, target: own })
        ],
        whenFalse: []
      },
      ...(isFilled ? [] : over(both, assign(target, "copy", [own], { combine: "add" })))
    ])
  ]
}

export const tileProducts = (
  program: LoopProgram,
  { least = LEAST_PRODUCTS }: { readonly least?: number } = {}
): LoopProgram => {
  const block = (statements: ReadonlyArray<Statement>): ReadonlyArray<Statement> => {
    const made: Array<ReadonlyArray<Statement>> = []
    for (const statement of statements) {
      const product = statement._tag === "For" ? productOf(statement, least) : undefined
      if (product === undefined) {
        made.push([inside(statement)])
        continue
      }
      // The last statement before that has to do with the target.
      const { buffer } = product.target
      const last = made.findLastIndex((before) => touches(before, storageOf(buffer)))
      const loops = [...product.outer, product.row, product.column]
      const isFilled = last >= 0 && made[last]!.length === 1 && isFillOf(made[last]![0]!, product, loops)
      if (isFilled) made[last] = []
      made.push(tiled(product, isFilled))
    }
    return made.flat()
  }
  const inside = (statement: Statement): Statement => mapBlocks(statement, block)
  return { ...program, statements: block(program.statements) }
}

const touches = (statements: ReadonlyArray<Statement>, storage: Access["buffer"]): boolean => {
  let found = false
  forEachAccess(statements, ({ buffer }) => {
    if (storageOf(buffer) === storage) found = true
  })
  return found
}
