// A layered layout of a graph whose edges go from earlier nodes to later ones (Sugiyama, Tagawa and Toda 1981): an edge over several layers keeps a
// place free in each, so that it passes between the nodes.

export interface Place {
  readonly x: number
  readonly y: number
}

/** Where an edge crosses a layer: horizontally from `x` on. */
export interface Crossing extends Place {
  readonly width: number
}

export interface Layout {
  readonly places: ReadonlyArray<Place>
  readonly crossings: ReadonlyArray<ReadonlyArray<Crossing>>
  readonly width: number
  readonly height: number
}

const gapX = 90
const gapY = 24
const margin = 16

export const boxHeight = 42

export const layout = (
  widths: ReadonlyArray<number>,
  edges: ReadonlyArray<{ readonly from: number; readonly to: number }>
): Layout => {
  const count = widths.length
  const layerOf = new Array<number>(count).fill(0)
  // Operands come before what reads them.
  for (const { from, to } of edges.toSorted((a, b) => a.to - b.to)) {
    layerOf[to] = Math.max(layerOf[to]!, layerOf[from]! + 1)
  }
  const before: Array<Array<number>> = layerOf.map(() => [])
  const after: Array<Array<number>> = layerOf.map(() => [])
  const link = (from: number, to: number): void => {
    after[from]!.push(to)
    before[to]!.push(from)
  }
  const keepers = edges.map(({ from, to }) => {
    const own: Array<number> = []
    for (let layer = layerOf[from]! + 1; layer < layerOf[to]!; layer++) {
      own.push(layerOf.push(layer) - 1)
      before.push([])
      after.push([])
    }
    const path = [from, ...own, to]
    for (let i = 1; i < path.length; i++) link(path[i - 1]!, path[i]!)
    return own
  })
  const layers: Array<Array<number>> = []
  layerOf.forEach((layer, i) => (layers[layer] ??= []).push(i))
  const position = new Float64Array(layerOf.length)
  const settle = (layer: ReadonlyArray<number>): void =>
    layer.forEach((node, i) => (position[node] = i - (layer.length - 1) / 2))
  layers.forEach(settle)
  const order = (layer: Array<number>, neighbours: ReadonlyArray<ReadonlyArray<number>>): void => {
    const mean = new Map(
      layer.map((node) => {
        const own = neighbours[node]!
        return [node, own.length === 0 ? position[node]! : own.reduce((sum, i) => sum + position[i]!, 0) / own.length]
      })
    )
    layer.sort((a, b) => mean.get(a)! - mean.get(b)! || a - b)
    settle(layer)
  }
  for (let round = 0; round < 4; round++) {
    for (const layer of layers) order(layer, before)
    for (const layer of layers.toReversed()) order(layer, after)
  }
  const tallest = layers.reduce((most, layer) => Math.max(most, layer.length), 1)
  const height = tallest * (boxHeight + gapY) - gapY + 2 * margin
  const places = new Array<Crossing>(layerOf.length)
  let x = margin
  for (const layer of layers) {
    const widest = layer.reduce((most, node) => Math.max(most, widths[node] ?? 0), 0)
    const top = (height - (layer.length * (boxHeight + gapY) - gapY)) / 2
    layer.forEach((node, i) => {
      const width = widths[node] ?? widest
      places[node] = { x: x + (widest - width) / 2, y: top + i * (boxHeight + gapY), width }
    })
    x += widest + gapX
  }
  return {
    places: places.slice(0, count),
    crossings: keepers.map((own) => own.map((node) => places[node]!)),
    width: Math.max(x - gapX, margin) + margin,
    height
  }
}
