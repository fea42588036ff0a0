// Addition, subtraction and multiplication of non-negative integer literal types,
// digit by digit, so that dimensions of any size (not only those that fit a tuple)
// can be computed by the type checker. Numbers are handled as decimal strings with
// the least significant digit first.

type Digit = 0 | 1 | 2 | 3 | 4 | 5 | 6 | 7 | 8 | 9

interface Units {
  0: []
  1: [0]
  2: [0, 0]
  3: [0, 0, 0]
  4: [0, 0, 0, 0]
  5: [0, 0, 0, 0, 0]
  6: [0, 0, 0, 0, 0, 0]
  7: [0, 0, 0, 0, 0, 0, 0]
  8: [0, 0, 0, 0, 0, 0, 0, 0]
  9: [0, 0, 0, 0, 0, 0, 0, 0, 0]
}

type Ten = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0]

type Reverse<S extends string> = S extends `${infer Head}${infer Tail}` ? `${Reverse<Tail>}${Head}` : ""

type TrimLeadingZeros<S extends string> = S extends `0${infer Rest}`
  ? Rest extends ""
    ? "0"
    : TrimLeadingZeros<Rest>
  : S

type ToNumber<S extends string> = TrimLeadingZeros<S> extends `${infer N extends number}` ? N : number

type SumOfDigits<A extends Digit, B extends Digit, Carry extends 0 | 1> = [
  ...Units[A],
  ...Units[B],
  ...Units[Carry]
]["length"]

type AddReversed<A extends string, B extends string, Carry extends 0 | 1 = 0> = A extends `${infer X extends
  Digit}${infer RestA}`
  ? B extends `${infer Y extends Digit}${infer RestB}`
    ? AddStep<SumOfDigits<X, Y, Carry>, RestA, RestB>
    : Carry extends 0
      ? A
      : AddReversed<A, "1">
  : Carry extends 0
    ? B
    : B extends ""
      ? "1"
      : AddReversed<B, "1">

type AddStep<Sum, RestA extends string, RestB extends string> = Sum extends Digit
  ? `${Sum}${AddReversed<RestA, RestB>}`
  : Sum extends number
    ? `${Sum}` extends `1${infer Low extends Digit}`
      ? `${Low}${AddReversed<RestA, RestB, 1>}`
      : never
    : never

type SubtractReversed<A extends string, B extends string, Borrow extends 0 | 1 = 0> = A extends `${infer X extends
  Digit}${infer RestA}`
  ? B extends `${infer Y extends Digit}${infer RestB}`
    ? SubtractStep<X, [...Units[Y], ...Units[Borrow]], RestA, RestB>
    : Borrow extends 0
      ? A
      : SubtractStep<X, [0], RestA, "">
  : B extends ""
    ? Borrow extends 0
      ? ""
      : never
    : never

type SubtractStep<
  X extends Digit,
  Taken extends Array<0>,
  RestA extends string,
  RestB extends string
> = Units[X] extends [...Taken, ...infer Left]
  ? `${Left["length"] & Digit}${SubtractReversed<RestA, RestB>}`
  : [...Ten, ...Units[X]] extends [...Taken, ...infer Left]
    ? `${Left["length"] & Digit}${SubtractReversed<RestA, RestB, 1>}`
    : never

type MultiplyByDigit<A extends string, Times extends Array<0>> = Times extends [0, ...infer Rest extends Array<0>]
  ? AddReversed<A, MultiplyByDigit<A, Rest>>
  : "0"

type MultiplyReversed<A extends string, B extends string> = B extends `${infer Y extends Digit}${infer RestB}`
  ? AddReversed<MultiplyByDigit<A, Units[Y]>, `0${MultiplyReversed<A, RestB>}`>
  : ""

/** `A + B`; `number` when either is not a literal. */
export type Add<A extends number, B extends number> = number extends A
  ? number
  : number extends B
    ? number
    : ToNumber<Reverse<AddReversed<Reverse<`${A}`>, Reverse<`${B}`>>>>

/** `A - B`; `number` when either is not a literal, `never` when the difference is negative. */
export type Subtract<A extends number, B extends number> = number extends A
  ? number
  : number extends B
    ? number
    : [SubtractReversed<Reverse<`${A}`>, Reverse<`${B}`>>] extends [never]
      ? never
      : ToNumber<Reverse<SubtractReversed<Reverse<`${A}`>, Reverse<`${B}`>>>>

/** `A * B`; `number` when either is not a literal. */
export type Multiply<A extends number, B extends number> = number extends A
  ? number
  : number extends B
    ? number
    : A extends 0
      ? 0
      : B extends 0
        ? 0
        : A extends 1
          ? B
          : B extends 1
            ? A
            : ToNumber<Reverse<MultiplyReversed<Reverse<`${A}`>, Reverse<`${B}`>>>>
