import { adam, momentum, Schedule, sgd } from "@fluxion/optim"
import { describe, expect, it } from "vitest"
import { trajectory } from "./support.ts"

// Computed by NumPy 2.4, starting at (w0, w1, b) = (4, 3, -2):
//
//   def grad(p): w0,w1,b=p; return np.array([2*w0+b, 6*w1, b+w0])
//   def run(update, n):
//       p=np.array([4.0,3.0,-2.0]); s={}; out=[]
//       for t in range(n):
//           p=p+update(grad(p),s,t); out.append(p.tolist())
//       return out
//   def sgd(g,s,t): return -0.1*g
//   def momentum(g,s,t):
//       s['v']=0.9*s.get('v',0)+g; return -0.05*s['v']
//   def nesterov(g,s,t):
//       s['v']=0.8*s.get('v',0)+g; return -0.05*(g+0.8*s['v'])
//   def adam(g,s,t):
//       s['m']=0.9*s.get('m',0)+0.1*g; s['u']=0.99*s.get('u',0)+0.01*g*g
//       m=s['m']/(1-0.9**(t+1)); u=s['u']/(1-0.99**(t+1)); return -0.3*m/(np.sqrt(u)+1e-8)
//   def cosine(g,s,t):
//       r=0.1*(t+1)/3 if t<2 else 0.02+0.08*(1+np.cos(np.pi*min(1,(t-2)/3)))/2
//       return -r*g
const expected = {
  sgd: [
    [3.4, 1.2, -2.2],
    [2.94, 0.48, -2.3200000000000003],
    [2.584, 0.192, -2.382],
    [2.3054, 0.07679999999999998, -2.4022],
    [2.08454, 0.03071999999999999, -2.39252]
  ],
  momentum: [
    [3.7, 2.1, -2.1],
    [3.165, 0.6599999999999999, -2.27],
    [2.4805, -0.8340000000000003, -2.46775],
    [1.7397875, -1.9284000000000003, -2.6463625],
    [1.031485625, -2.3348400000000002, -2.761785]
  ],
  nesterov: [
    [3.46, 1.38, -2.18],
    [2.8413999999999997, 0.05879999999999974, -2.3592],
    [2.2369959999999995, -0.6987120000000003, -2.494758],
    [1.7082857399999996, -0.9133051200000003, -2.56071782],
    [1.2874600625999995, -0.7594857312000002, -2.5470772688]
  ],
  adam: [
    [3.7000000004999998, 2.7000000001666664, -2.2999999985],
    [3.4021367326638163, 2.4011657000028577, -2.5929431264344522],
    [3.1084709351520354, 2.1044915022761503, -2.86867814606164],
    [2.821637940209065, 1.811170915068359, -3.1103330522365646],
    [2.5448093502726383, 1.5226266911353556, -3.2954139092406405]
  ],
  cosine: [
    [3.8, 2.4, -2.066666666666667],
    [3.431111111111111, 1.44, -2.1822222222222223],
    [2.963111111111111, 0.5759999999999998, -2.3071111111111113],
    [2.673582222222222, 0.2995199999999999, -2.3595911111111114],
    [2.5540792888888886, 0.22763519999999993, -2.372150755555556],
    [2.499359132444444, 0.20031897599999993, -2.3757893262222227]
  ]
}

const expectTrajectory = (
  actual: ReadonlyArray<ReadonlyArray<number>>,
  expected: ReadonlyArray<ReadonlyArray<number>>
) => {
  expect(actual).toHaveLength(expected.length)
  actual.forEach((point, step) =>
    point.forEach((x, i) => {
      const y = expected[step]![i]!
      expect(Math.abs(x - y), `step ${step + 1}, element ${i}: ${x} and ${y}`).toBeLessThanOrEqual(1e-14 * Math.abs(y))
    })
  )
}

describe("trajectories agree with NumPy", () => {
  it("sgd", () => expectTrajectory(trajectory(sgd(0.1), 5), expected.sgd))
  it("momentum", () => expectTrajectory(trajectory(momentum(0.05), 5), expected.momentum))
  it("nesterov", () =>
    expectTrajectory(trajectory(momentum(0.05, { decay: 0.8, nesterov: true }), 5), expected.nesterov))
  it("adam", () => expectTrajectory(trajectory(adam(0.3, { beta2: 0.99 }), 5), expected.adam))
  it("sgd with a cosine schedule", () =>
    expectTrajectory(trajectory(sgd(Schedule.cosine(0.1, 5, { warmup: 2, final: 0.02 })), 6), expected.cosine))
  it("a constant schedule is a number", () =>
    expect(trajectory(adam(Schedule.constant(0.3), { beta2: Schedule.constant(0.99) }), 5)).toEqual(
      trajectory(adam(0.3, { beta2: 0.99 }), 5)
    ))
})
