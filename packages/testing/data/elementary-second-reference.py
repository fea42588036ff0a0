"""Writes elementary-second-reference.json: second derivatives of the functions of two arguments, correctly rounded.

The points are those of elementary-reference.json. Closed forms in arithmetic of 1000 digits from the exact values of the doubles: no sum of squares of doubles,
and no difference of them, has more (an exponent range of 2100 bits is 633 digits). Run with mpmath 1.3:

    python3 elementary-second-reference.py > elementary-second-reference.json
"""

import json
import os

from mpmath import exp, log, mp, mpf, power, sqrt

mp.dps = 1000


def pow_(x, y):
    p = power(x, y)
    return y * (y - 1) * p / x**2, p / x * (1 + y * log(x)), p * log(x) ** 2


def atan2(y, x):
    r = x**2 + y**2
    return -2 * x * y / r**2, (y**2 - x**2) / r**2, 2 * x * y / r**2


def hypot(x, y):
    h = sqrt(x**2 + y**2)
    return y**2 / h**3, -x * y / h**3, x**2 / h**3


def logaddexp(x, y):
    d = abs(x - y)
    # exp(-d) is 0 in any format where d is this large.
    t = exp(-d) if d < 10**6 else mpf(0)
    s = t / (1 + t) ** 2
    return s, -s, s


def xlogy(x, y):
    return mpf(0), 1 / y, -x / y**2


def number(x):
    f = float(x)
    return f if f - f == 0 else str(f).replace("inf", "Infinity")


here = os.path.dirname(os.path.abspath(__file__))
with open(os.path.join(here, "elementary-reference.json")) as file:
    reference = json.load(file)["functions"]

functions = {}
for name, f in (("pow", pow_), ("atan2", atan2), ("hypot", hypot), ("logaddexp", logaddexp), ("xlogy", xlogy)):
    functions[name] = [
        [a, b] + [number(d) for d in f(mpf(a), mpf(b))] for a, b in (row[:2] for row in reference[name]["rows"])
    ]

print("{")
print(",\n".join(f' "{name}": [\n  ' + ",\n  ".join(json.dumps(row) for row in rows) + "\n ]" for name, rows in functions.items()))
print("}")
