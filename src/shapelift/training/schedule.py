"""How long a run lasts, and what the learning rate does meanwhile.

Everything is a function of one number, the *progress* in [0, 1]: the share of the budget that is used up. With a budget
in steps the progress is exact and repeatable; with a budget in seconds it follows the clock, so that the learning rate
has come down by the time the clock stops the run, whatever the machine's speed.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

from shapelift.errors import InputError

_UNITS_S = {"s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_PART = re.compile(r"(\d+(?:\.\d+)?)([smhd])")


def parse_duration_s(text: str) -> float:
    """A duration such as `90s`, `30m`, `1h30m` or `2d` in seconds; a bare number counts as seconds.

    Raises:
        InputError: the text is not a positive duration.
    """
    compact = text.strip().lower().replace(" ", "")
    try:
        seconds = float(compact)
    except ValueError:
        parts = _PART.findall(compact)
        if not parts or "".join(number + unit for number, unit in parts) != compact:
            raise InputError(f"budget '{text}' is not a duration; write it like 90s, 30m, 1h30m or 2d") from None
        seconds = sum(float(number) * _UNITS_S[unit] for number, unit in parts)
    if not (math.isfinite(seconds) and seconds > 0.0):
        raise InputError(f"budget '{text}' must be longer than nothing; write it like 90s, 30m, 1h30m or 2d")
    return seconds


@dataclass(frozen=True, kw_only=True)
class WarmupCosine:
    """Learning-rate factor: a linear rise over the first part of the run, then half a cosine down.

    Source: Loshchilov and Hutter, "SGDR: Stochastic Gradient Descent with Warm Restarts", ICLR 2017 (without restarts).

    Attributes:
        warmup: share of the run spent rising from `start` to 1, in [0, 1).
        warmup_steps: the rise takes at least so many steps, however short the run: weights that are trained already are
            torn apart by an optimiser that knows no second moments yet.
        start: factor at progress 0, in (0, 1].
        final: factor at progress 1, in [0, 1].
    """

    warmup: float = 0.02
    warmup_steps: int = 0
    start: float = 0.01
    final: float = 0.01

    def __post_init__(self) -> None:
        if not 0.0 <= self.warmup < 1.0:
            raise ValueError(f"warmup is a share of the run in [0, 1), not {self.warmup}")
        if self.warmup_steps < 0:
            raise ValueError(f"warmup_steps is a number of steps, not {self.warmup_steps}")
        if not 0.0 < self.start <= 1.0 or not 0.0 <= self.final <= 1.0:
            raise ValueError(f"start {self.start} must be in (0, 1] and final {self.final} in [0, 1]")

    def factor(self, progress: float, step: int) -> float:
        """The factor at a progress, which is clipped to [0, 1], after so many steps."""
        progress = min(max(progress, 0.0), 1.0)
        phase = max(progress - self.warmup, 0.0) / (1.0 - self.warmup)
        highest = self.final + (1.0 - self.final) * 0.5 * (1.0 + math.cos(math.pi * phase))
        risen = min(
            progress / self.warmup if self.warmup else 1.0, step / self.warmup_steps if self.warmup_steps else 1.0
        )
        return min(self.start + (1.0 - self.start) * risen, 1.0) * highest


class Clock:
    """Progress of a run against its budget, in steps or in seconds.

    A budget in seconds covers everything from the first step to the exported model. What comes after the last step
    (one more validation and the export) is not known beforehand, so it is held back from the budget: the longest
    validation seen so far plus the measured time of a trial export, with a quarter on top.
    """

    def __init__(self, *, steps: int | None, budget_s: float | None) -> None:
        if (steps is None) == (budget_s is None):
            raise ValueError("a run has a budget in steps or in seconds, exactly one of them")
        self._steps = steps
        self._budget_s = budget_s
        self._reserve_s = 0.0
        self._highest = 0.0

    def hold_back(self, *, validation_s: float, export_s: float) -> None:
        """Report what the closing work costs; the reserve only ever grows, and never past nine tenths of the budget."""
        if self._budget_s is not None:
            wanted = 1.25 * (validation_s + export_s)
            self._reserve_s = min(max(self._reserve_s, wanted), 0.9 * self._budget_s)

    def progress(self, step: int, used_s: float, step_s: float = 0.0) -> float:
        """Share of the budget used after `step` steps and `used_s` seconds, of which 1 says: stop now.

        Args:
            step: steps done.
            used_s: seconds used, over all the sessions of the run.
            step_s: what one more step is expected to take; a budget in seconds ends before a step that would not fit.
        """
        if self._budget_s is None:
            return min(step / self._steps, 1.0) if self._steps else 1.0
        remaining = self._budget_s - self._reserve_s - used_s
        now = 1.0 if remaining < step_s else used_s / (self._budget_s - self._reserve_s)
        self._highest = min(max(self._highest, now), 1.0)
        return self._highest

    def remaining_s(self, progress: float, used_s: float) -> float:
        """Expected seconds to the end, at the speed so far; infinite before anything is known."""
        if self._budget_s is not None:
            return max(self._budget_s - used_s, 0.0)
        return used_s / progress * (1.0 - progress) if progress > 0.0 else math.inf
