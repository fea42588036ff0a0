// A layered layout of a graph whose edges go from earlier nodes to later ones (Sugiyama, Tagawa and Toda 1981, without its dummy nodes).

export interface Place {
  readonly x: number
  readonly y: number
}

const gapX = 90
const gapY = 24
const boxHeight = 42
const margin = 16

export const layout = (
  widths: ReadonlyArray<number>,
  edges: ReadonlyArray<{ readonly from: number; readonly to: number }>
): { readonly places: ReadonlyArray<Place>; readonly width: number; readonly height: number } => {
  const count = widths.length
  const layerOf = new Int32Array(count)
  const before = Array.from({ length: count }, (): Array<number> => [])
  const after = Array.from({ length: count }, (): Array<number> => [])
  for (const { from, to } of edges) {
    before[to]!.push(from)
    after[from]!.push(to)
  }
  // Operands come before what reads them.
  for (let i = 0; i < count; i++) for (const from of before[i]!) layerOf[i] = Math.max(layerOf[i]!, layerOf[from]! + 1)
  const layers: Array<Array<number>> = []
  layerOf.forEach((layer, i) => (layers[layer] ??= []).push(i))
  const position = new Float64Array(count)
  const settle = (layer: Array<number>): void =>
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
  const places = new Array<Place>(count)
  let x = margin
  for (const layer of layers) {
    const widest = layer.reduce((most, node) => Math.max(most, widths[node]!), 0)
    const top = (height - (layer.length * (boxHeight + gapY) - gapY)) / 2
    layer.forEach((node, i) => {
      places[node] = { x: x + (widest - widths[node]!) / 2, y: top + i * (boxHeight + gapY) }
    })
    x += widest + gapX
  }
  return { places, width: Math.max(x - gapX, margin) + margin, height }
}
