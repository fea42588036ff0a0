import { Expr, Fn } from "@fluxion/core"

export const predict = <const Rows extends number, const Features extends number>(rows: Rows, features: Features) =>
  Fn.make({ parameters: { weights: [features], bias: [] }, features: [rows, features] }, ({ features, parameters }) =>
    Expr.matmul(features, parameters.weights).pipe(Expr.add(parameters.bias))
  )

export const loss = <const Rows extends number, const Features extends number>(rows: Rows, features: Features) =>
  Fn.make(
    { parameters: { weights: [features], bias: [] }, features: [rows, features], targets: [rows] },
    ({ features, parameters, targets }) => Expr.mean(Expr.square(Expr.sub(targets, Expr.add(parameters.bias, Expr.matmul(features, parameters.weights)))))
  )
const l = loss(3, 4)
export const k: string = l.inputs
export const k2: string = l.outputs
