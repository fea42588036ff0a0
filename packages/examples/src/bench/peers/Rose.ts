/**
 * Rose: scalars and vectors of fixed size, compiled to WebAssembly. It has no elementary functions of its own.
 *
 * @since 0.1.0
 */
import type { Peer } from "./Peer.ts"

/**
 * Loads the library.
 *
 * @category peers
 * @since 0.1.0
 */
export const load = async (): Promise<Peer> => {
  // Taken apart, its types of types would be plain symbols.
  const rose = await import("rose")
  const { Vec, add, compile, fn, mul, sub, vjp } = rose
  const Pair = Vec(2, rose.Real)
  const rosenbrock = fn([Pair], rose.Real, ([x, y]) => {
    const a = sub(1, x!)
    const b = sub(y!, mul(x!, x!))
    return add(mul(a, a), mul(100, mul(b, b)))
  })
  return {
    name: "rose",
    contestants: (problem, inputs) => {
      if (problem !== "rosenbrock") return []
      const point: [number, number] = [inputs["x"]!.data[0]!, inputs["y"]!.data[0]!]
      return [
        // Its program gives the gradient alone, which is less work than what the others do and what it is fastest at.
        async () => {
          const gradient = await compile(fn([Pair], Pair, (v) => vjp(rosenbrock)(v).grad(1)))
          const value = await compile(rosenbrock)
          let last: unknown
          return {
            name: "rose (gradient only)",
            precision: "float64",
            subject: {
              run: () => {
                last = gradient(point)
              },
              answer: () => {
                last = gradient(point)
                const [x, y] = last as [number, number]
                return { value: value(point), derivative: [[x], [y]] }
              }
            },
            end: () => {}
          }
        },
        async () => {
          const both = await compile(
            fn([rose.Real, rose.Real], { value: rose.Real, x: rose.Real, y: rose.Real }, (x, y) => {
              const { grad, ret } = vjp(rosenbrock)([x, y])
              const [dx, dy] = grad(1)
              return { value: ret, x: dx!, y: dy! }
            })
          )
          let last = both(...point)
          return {
            name: "rose",
            precision: "float64",
            subject: {
              run: () => {
                last = both(...point)
              },
              answer: () => ({ value: last.value, derivative: [[last.x], [last.y]] })
            },
            end: () => {}
          }
        }
      ]
    }
  }
}
