"""Shapes of which a model is not sure anywhere."""

from __future__ import annotations

import dataclasses
import math

import numpy as np
import numpy.typing as npt

from shapelift.errors import Doubt
from shapelift.geometry import ImplicitField

_NODES = 33
"""Nodes per side of the grid on which the surest point is sought."""
FAINTEST = -6.0
"""Logit of the surest point, 0 at the threshold of the card, below which there is nothing to draw; far from any object
the shipped network says -10 and less."""


WARNING = Doubt("nowhere-sure", "the model is nowhere sure of a shape, this is a faint guess; try another view")


def fallback_level(surest: float) -> float | None:
    """The logit at which a field is drawn whose surest point has the logit `surest`; None: at 0, as it is.

    A field without a positive value is drawn where the logistic function of its logits (0 at the threshold of the card)
    is at least half of its highest value: for most people a guess that says so is better than no answer. One that is
    negative beyond doubt stays as it is.
    """
    if surest > 0.0 or not surest > FAINTEST:
        return None
    highest = 1.0 / (1.0 + math.exp(-surest))
    return math.log(0.5 * highest / (1.0 - 0.5 * highest))


def with_fallback_level(field: ImplicitField) -> tuple[ImplicitField, tuple[Doubt, ...]]:
    """A field whose surface can be drawn, and a line for the user if it had to be moved; see `fallback_level`.

    The surest point is sought on a grid of the field's box.
    """
    own, box = field.unplaced, field.box
    axes = [np.linspace(low, high, _NODES) for low, high in zip(box.minimum, box.maximum, strict=True)]
    nodes = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, 3).astype(np.float32)
    level = fallback_level(float(own(nodes).max()))
    if level is None:
        return field, ()

    def logits(points: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        return np.asarray(own(points) - np.float32(level), np.float32)

    return dataclasses.replace(field, function=logits), (WARNING,)
