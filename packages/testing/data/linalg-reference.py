"""Writes linalg-reference.json: results of linear algebra, correctly rounded.

Matrices are random doubles, and some notorious ones. mpmath computes with 120 digits from the exact values of the doubles,
so every output is the double nearest to the true result. Run with mpmath 1.3 and numpy:

    python3 linalg-reference.py > linalg-reference.json
"""

import fractions
import json

import mpmath
import numpy

mpmath.mp.dps = 120
random = numpy.random.default_rng(20240607)


def exact(array):
    return mpmath.matrix([[mpmath.mpf(float(x)) for x in row] for row in array])


def rounded(matrix):
    return {"shape": [matrix.rows, matrix.cols], "data": [float(x) for x in matrix]}


def given(array):
    return {"shape": list(array.shape), "data": [float(x) for x in array.flatten()]}


def determinant(rows):
    """By elimination in rational arithmetic, which is exact and takes singular matrices."""
    rows = [row[:] for row in rows]
    result = fractions.Fraction(1)
    for k in range(len(rows)):
        pivot = next((i for i in range(k, len(rows)) if rows[i][k] != 0), None)
        if pivot is None:
            return fractions.Fraction(0)
        if pivot != k:
            rows[k], rows[pivot] = rows[pivot], rows[k]
            result = -result
        result *= rows[k][k]
        for i in range(k + 1, len(rows)):
            factor = rows[i][k] / rows[k][k]
            rows[i] = [x - factor * y for x, y in zip(rows[i], rows[k])]
    return result


def adjugate(array):
    rows = [[fractions.Fraction(float(x)) for x in row] for row in array]
    n = len(rows)
    minor = lambda i, j: [[rows[r][c] for c in range(n) if c != j] for r in range(n) if r != i]
    elements = [float((-1) ** (i + j) * determinant(minor(j, i))) for i in range(n) for j in range(n)]
    return {"shape": [n, n], "data": elements}


def condition(a):
    singular = numpy.linalg.svd(a, compute_uv=False)
    return float(singular[0] / singular[-1])


def square(name, array, right):
    a, b = exact(array), exact(right)
    det = mpmath.det(a)
    symmetric = array @ array.T + numpy.eye(len(array))
    symmetric = (symmetric + symmetric.T) / 2
    lower = exact(numpy.tril(array) + 2 * numpy.eye(len(array)))
    return {
        "name": name,
        "condition": condition(array),
        "matrix": given(array),
        "right": given(right),
        "solve": rounded(mpmath.lu_solve(a, b) if b.cols == 1 else a**-1 * b),
        "inverse": rounded(a**-1),
        "adjugate": adjugate(array),
        "det": float(det),
        "logdet": float(mpmath.log(abs(det))),
        "sign": int(mpmath.sign(det)),
        "positive": given(symmetric),
        "cholesky": rounded(mpmath.cholesky(exact(symmetric))),
        "triangle": rounded(lower),
        "forward": rounded(lower**-1 * b),
        "backward": rounded(lower.T**-1 * b),
    }


def rectangular(name, array, right):
    a, b = exact(array), exact(right)
    m, n = array.shape
    if m >= n:
        solution = (a.T * a) ** -1 * (a.T * b)
    else:
        solution = a.T * ((a * a.T) ** -1 * b)
    return {
        "name": name,
        "condition": condition(array),
        "matrix": given(array),
        "right": given(right),
        "lstsq": rounded(solution),
    }


def sample(*shape):
    return numpy.round(random.standard_normal(shape), 3)


hilbert = numpy.array([[1 / (i + j + 1) for j in range(8)] for i in range(8)])
kahan = numpy.array([[0.6**i * (1 if i == j else -0.8 if j > i else 0) for j in range(7)] for i in range(7)])
graded = sample(5, 5) * numpy.array([[10.0 ** (3 * (i - 2))] for i in range(5)])

squares = [square(f"random {n}", sample(n, n), sample(n, k)) for n in range(1, 9) for k in (1, 3)]
squares += [
    square("Hilbert 8", hilbert, sample(8, 2)),
    square("Kahan 7", kahan, sample(7, 2)),
    square("graded rows 5", graded, sample(5, 2)),
    square("zero pivots 4", numpy.array([[0, 2, 0, 1], [0, 0, 3, 1], [4, 0, 0, 1], [0, 0, 0, 5.0]]), sample(4, 2)),
    square("almost singular 3", numpy.array([[1, 2, 3], [4, 5, 6], [7, 8, 9 + 2.0**-20]]), sample(3, 2)),
]
singular = [
    {"name": name, "matrix": given(array), "adjugate": adjugate(array)}
    for name, array in [
        ("one", numpy.array([[0.0]])),
        ("rank 1 of 2", numpy.array([[1.0, 2], [2, 4]])),
        ("zero 2", numpy.zeros((2, 2))),
        ("magic 4", numpy.array([[16.0, 2, 3, 13], [5, 11, 10, 8], [9, 7, 6, 12], [4, 14, 15, 1]])),
        ("rank 2 of 4", numpy.array([[1.0, 2, 3, 4], [5, 6, 7, 8], [9, 10, 11, 12], [13, 14, 15, 16]])),
        ("zero in the middle", numpy.diag([3.0, 0, 5, 7])),
        ("nilpotent 5", numpy.diag([1.0, 2, 3, 4], 1)),
        ("counting 3", numpy.array([[1.0, 2, 3], [4, 5, 6], [7, 8, 9]])),
        ("wide range", numpy.diag([1e200, 1e-200, 0, 1e100])),
    ]
]
rectangles = [
    rectangular(f"random {m} by {n}", sample(m, n), sample(m, k))
    for m, n, k in [(1, 1, 1), (3, 1, 2), (1, 3, 2), (5, 3, 1), (3, 5, 1), (8, 4, 3), (4, 8, 3), (4, 4, 2), (20, 6, 2)]
]
rectangles += [
    rectangular("polynomial 12 by 6", numpy.vander(numpy.arange(12) / 11, 6), sample(12, 2)),
    rectangular("Läuchli 4 by 3", numpy.vstack([numpy.ones((1, 3)), 2.0**-24 * numpy.eye(3)]), sample(4, 2)),
]
print(json.dumps({"about": __doc__.split("\n\n")[1].replace("\n", " "), "squares": squares, "singular": singular, "rectangles": rectangles}))
