"""Shapes of which a model is not sure anywhere."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from shapelift.geometry import ImplicitField

NODES = 33
"""Nodes per side of the grid on which the surest point is sought."""
FAINTEST = -6.0
"""Logit of the surest point, 0 at the threshold of the card, below which there is nothing to draw; far from any object
the shipped network says -10 and less."""


def lifted(field: ImplicitField) -> tuple[ImplicitField, tuple[str, ...]]:
    """A field whose surface can be drawn, and a line for the user if it had to be moved.

    A field without a positive value on the grid is drawn where the logistic function of its logits (0 at the threshold
    of the card) is at least half of its highest value: for most people a guess that says so is better than no answer.
    One that is negative beyond doubt stays as it is.
    """
    box = field.box
    axes = [np.linspace(low, high, NODES) for low, high in zip(box.minimum, box.maximum, strict=True)]
    nodes = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, 3).astype(np.float32)
    surest = float(field(nodes).max())
    if surest > 0.0 or not surest > FAINTEST:
        return field, ()
    highest = 1.0 / (1.0 + math.exp(-surest))
    level = math.log(0.5 * highest / (1.0 - 0.5 * highest))

    def logits(points: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        return np.asarray(field(points) - np.float32(level), np.float32)

    warning = "the model is nowhere sure of a shape, this is a faint guess; try another view"
    return ImplicitField(logits, box), (warning,)
