"""Products of tall arrays, in blocks so small that the linear algebra library starts no threads.

Its threads gain little there, and spin where several workers share the cores.
"""

from __future__ import annotations

import numpy as np

from locoreg.stats.survivaldata import FloatArray

# Products of fewer multiplications than this, and of a matrix of fewer numbers with a vector, are
# done by one thread in OpenBLAS.
MATRIX_WORK = 250_000
VECTOR_WORK = 9_000


def cross_product(X: FloatArray, Y: FloatArray) -> FloatArray:
    """Return X'Y.

    Parameters
    ----------
    X : ndarray of float, shape (n, p)
        Columns.
    Y : ndarray of float, shape (n, q)
        Other columns of the same rows.

    Returns
    -------
    ndarray of float, shape (p, q)
        Sums over rows.
    """
    n, p, q = X.shape[0], X.shape[1], Y.shape[1]
    size = _size(p * q, VECTOR_WORK // max(p, q, 1) if 1 in (p, q) else n)
    whole = n - n % size
    blocks = np.matmul(
        X[:whole].reshape(-1, size, p).transpose(0, 2, 1), Y[:whole].reshape(-1, size, q)
    )
    return np.asarray(blocks.sum(axis=0) + X[whole:].T @ Y[whole:])


def predictor(X: FloatArray, beta: FloatArray) -> FloatArray:
    """Return X times coefficients.

    Parameters
    ----------
    X : ndarray of float, shape (n, p)
        Columns.
    beta : ndarray of float, shape (p, q)
        Coefficients.

    Returns
    -------
    ndarray of float, shape (n, q)
        One row per row of X.
    """
    n, p, q = X.shape[0], X.shape[1], beta.shape[1]
    size = _size(p * q, VECTOR_WORK // max(p, q, 1) if 1 in (p, q) else n)
    whole = n - n % size
    blocks = np.matmul(X[:whole].reshape(-1, size, p), beta).reshape(whole, q)
    return np.concatenate((blocks, X[whole:] @ beta))


def _size(work: int, most: int) -> int:
    """Return the rows of a block, for so many multiplications per row."""
    return max(1, min(most, MATRIX_WORK // max(work, 1)))
