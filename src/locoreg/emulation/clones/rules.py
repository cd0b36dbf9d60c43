"""Clone rules: what each person contributes to each arm, by times alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from locoreg.core.errors import DataError
from locoreg.emulation.question import Comparator
from locoreg.stats.studies import check_option
from locoreg.stats.survivaldata import BoolArray, FloatArray, IntArray

if TYPE_CHECKING:
    import pandas as pd

COMPARATOR_RULES: tuple[Comparator, ...] = ("never", "none_within_grace")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ArmClones:
    """One clone per person in one arm.

    Attributes
    ----------
    stop : ndarray of float, shape (n,)
        End of the clone's follow-up.
    event : ndarray of int, shape (n,)
        What ended it: 0 censored, 1 the outcome, 2, ... competing events.
    artificial : ndarray of bool, shape (n,)
        Whether it ended because the person departed from the strategy.
    followed : ndarray of bool, shape (n,)
        Whether there is a clone. There is none of persons whose departure precedes their
        observation, such as those treated at time zero in the comparator arm.
    """

    stop: FloatArray
    event: IntArray
    artificial: BoolArray
    followed: BoolArray


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Clones:
    """The clones of every person.

    Attributes
    ----------
    comparator, treated : ArmClones
        By arm.
    treatment_time : ndarray of float, shape (n,)
        Start of treatment; infinite where there is none up to the end of follow-up.
    initiated : ndarray of bool, shape (n,)
        Treated within the grace period.
    """

    comparator: ArmClones
    treated: ArmClones
    treatment_time: FloatArray
    initiated: BoolArray

    @property
    def arms(self) -> tuple[ArmClones, ArmClones]:
        """Comparator, then treated."""
        return self.comparator, self.treated

    def to_frame(self, person_id: Sequence[Any] | None = None) -> pd.DataFrame:
        """Return one row per clone, to be read person by person.

        Parameters
        ----------
        person_id : sequence, optional
            Names of the persons in the order of the arrays; 1, 2, ... by default.

        Returns
        -------
        pandas.DataFrame
            Columns ``person_id``, ``arm`` (comparator or treated), ``stop``, ``event``,
            ``artificial`` (censored because the person departed from the strategy); sorted by arm,
            then by person. Persons without a clone in an arm have no row there.
        """
        import pandas as pd

        n = self.treatment_time.size
        names = list(range(1, n + 1)) if person_id is None else list(person_id)
        if len(names) != n:
            raise DataError(
                f"person_id has {len(names)} values for {n} persons.", hint="give one per person."
            )
        parts = []
        for label, arm in zip(("comparator", "treated"), self.arms, strict=True):
            rows = np.flatnonzero(arm.followed)
            parts.append(
                pd.DataFrame(
                    {
                        "person_id": [names[i] for i in rows.tolist()],
                        "arm": label,
                        "stop": arm.stop[rows],
                        "event": arm.event[rows],
                        "artificial": arm.artificial[rows],
                    }
                )
            )
        return pd.concat(parts, ignore_index=True)


def clone(
    time: FloatArray,
    event: IntArray,
    treatment_time: FloatArray,
    *,
    grace: float,
    comparator: Comparator,
    entry: FloatArray | None = None,
) -> Clones:
    """Clone every person into both arms, and censor each clone that departs from its strategy.

    Ties go by rule. Treatment on the day of death or of the end of follow-up comes first: the
    person is treated, has the event in the treated arm and was censored before it in the
    comparator. An event at the end of the grace period precedes censoring there. Treatment at the
    end of the grace period adheres. Persons treated at time zero have no clone in the comparator
    arm. Only times decide, never a flag of treatment.

    Parameters
    ----------
    time : ndarray of float, shape (n,)
        End of follow-up.
    event : ndarray of int, shape (n,)
        0 censored, 1 the outcome, 2, ... competing events.
    treatment_time : ndarray of float, shape (n,)
        Start of treatment; infinite or NaN for none.
    grace : float
        End of the grace period, in the unit of the times.
    comparator : {"never", "none_within_grace"}
        Whether treatment after the grace period censors in the comparator arm.
    entry : ndarray of float, shape (n,), optional
        Start of observation; a person is at risk after it.

    Returns
    -------
    Clones
        Two clones per person.

    References
    ----------
    .. [1] Maringe C et al. (2020). Int J Epidemiol 49:1719-1729. doi:10.1093/ije/dyaa057
    """
    check_option("comparator", comparator, COMPARATOR_RULES)
    given = np.nan_to_num(treatment_time, nan=np.inf, posinf=np.inf)
    treated = np.where(given <= time, given, np.inf)
    initiated = treated <= grace
    departs = np.isfinite(treated) if comparator == "never" else initiated
    late = ~initiated & (time > grace)
    first = np.full(time.size, -np.inf) if entry is None else entry
    arms = []
    for leaves, at in ((departs, treated), (late, np.full(time.size, grace))):
        stop = np.where(leaves, at, time)
        arms.append(
            ArmClones(
                stop=stop,
                event=np.where(leaves, 0, event),
                artificial=leaves,
                followed=(first < stop) & ~(leaves & (stop <= 0.0)),
            )
        )
    return Clones(comparator=arms[0], treated=arms[1], treatment_time=treated, initiated=initiated)
