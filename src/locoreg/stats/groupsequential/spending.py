"""How much of an error rate is spent by which share of the information."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import log_ndtr, ndtri

from locoreg.core.errors import DesignError, did_you_mean
from locoreg.stats.studies import FloatArray

SpendingName = Literal["obrien-fleming", "pocock", "hwang-shih-decani", "kim-demets", "stated"]
SPENDING_NAMES: tuple[SpendingName, ...] = (
    "obrien-fleming", "pocock", "hwang-shih-decani", "kim-demets", "stated",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Spending:
    """A spending function for one tail of a test.

    With t the share of the final information, cut at 1, and a the rate to be spent on the tail:
    ``obrien-fleming`` 2 - 2 Phi(z_{a/2} / sqrt(t)) and ``pocock`` a log(1 + (e - 1) t) of Lan and
    DeMets [1]_; ``hwang-shih-decani`` a (1 - exp(-g t)) / (1 - exp(-g)), a t for g = 0 [2]_;
    ``kim-demets`` a t^r [3]_; ``stated``: given shares of a, one per look.

    Attributes
    ----------
    name : str
        One of the names above.
    parameter : float or None
        g or r; None for the others.
    shares : tuple of float
        For ``stated`` the cumulative share of the rate that is spent at each look, ending in 1;
        else empty.

    References
    ----------
    .. [1] Lan KKG, DeMets DL (1983). Biometrika 70:659-663. doi:10.1093/biomet/70.3.659
    .. [2] Hwang IK, Shih WJ, DeCani JS (1990). Statistics in Medicine 9:1439-1445.
       doi:10.1002/sim.4780091207
    .. [3] Kim K, DeMets DL (1987). Biometrika 74:149-154. doi:10.1093/biomet/74.1.149
    """

    name: SpendingName
    parameter: float | None = None
    shares: tuple[float, ...] = ()

    def __post_init__(self) -> None:
        if self.name not in SPENDING_NAMES:
            raise DesignError(
                f"there is no spending function {self.name!r}.",
                hint=did_you_mean(str(self.name), SPENDING_NAMES),
            )
        wants = self.name in ("hwang-shih-decani", "kim-demets")
        if wants != (self.parameter is not None):
            raise DesignError(
                f"the spending function {self.name} has {'a' if wants else 'no'} parameter.",
                hint="gamma for hwang-shih-decani, rho for kim-demets.",
            )
        if self.parameter is not None:
            self._check_parameter(self.parameter)
        self._check_shares()

    def _check_parameter(self, parameter: float) -> None:
        if not math.isfinite(parameter) or abs(parameter) > 100:
            raise DesignError("the parameter of a spending function lies between -100 and 100.")
        if self.name == "kim-demets" and parameter <= 0:
            raise DesignError("rho of the kim-demets spending function is above 0.")

    def _check_shares(self) -> None:
        if (self.name == "stated") != bool(self.shares):
            raise DesignError(
                "shares to be spent are given with the spending function 'stated', and only then."
            )
        if not self.shares:
            return
        rising = all(b >= a for a, b in zip((0.0, *self.shares), self.shares, strict=False))
        if not rising or not math.isclose(self.shares[-1], 1.0, rel_tol=1e-12):
            raise DesignError("the shares that are spent rise from 0 and end in 1.")

    def spent(self, fractions: ArrayLike, rate: float) -> FloatArray:
        """Return the rate spent by each look.

        Parameters
        ----------
        fractions : array_like, shape (k,)
            Shares of the final information, above 0 and ascending.
        rate : float
            Error rate of the tail.

        Returns
        -------
        ndarray of float, shape (k,)
            Cumulative; exactly ``rate`` from a share of 1 on.
        """
        t = np.minimum(np.asarray(fractions, dtype=np.float64), 1.0)
        if self.name == "stated":
            if len(self.shares) != t.size:
                raise DesignError(
                    f"{len(self.shares)} shares to be spent for {t.size} looks: give one each."
                )
            return rate * np.asarray(self.shares)
        used = np.where(t >= 1.0, rate, self._function(t, rate))
        return np.asarray(used, dtype=np.float64)

    def _function(self, t: FloatArray, rate: float) -> FloatArray:
        if self.name == "obrien-fleming":
            return np.asarray(2.0 * np.exp(log_ndtr(ndtri(rate / 2.0) / np.sqrt(t))))
        if self.name == "pocock":
            return np.asarray(rate * np.log1p((math.e - 1.0) * t))
        parameter = 0.0 if self.parameter is None else self.parameter
        if self.name == "kim-demets":
            return np.asarray(rate * t**parameter)
        if abs(parameter) < 1e-12:
            return rate * t
        return np.asarray(rate * np.expm1(-parameter * t) / math.expm1(-parameter))

    def text(self) -> str:
        """Return the name with its parameter, for readers."""
        names = {
            "obrien-fleming": "Lan-DeMets O'Brien-Fleming-type",
            "pocock": "Lan-DeMets Pocock-type",
            "hwang-shih-decani": f"Hwang-Shih-DeCani, gamma {self.parameter}",
            "kim-demets": f"Kim-DeMets, rho {self.parameter}",
            "stated": "stated",
        }
        return names[self.name]

    def to_dict(self) -> dict[str, Any]:
        """Return the function as JSON-ready values."""
        return {"name": self.name, "parameter": self.parameter, "shares": list(self.shares)}
