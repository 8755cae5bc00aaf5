"""What a category of procedural shapes is made of."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from shapelift.synthesis.materials import Asset


@dataclass(frozen=True)
class Category:
    """A distribution of parameters, and how a shape is made of them.

    Attributes:
        parameters: The class of the parameters, with a class method `sample(rng)` that draws mutually plausible ones.
            One of them is `material_seed`: materials alone are drawn while building.
        build: Parameters -> the shape, one closed solid, centred, longest side 1, +Y up, front +Z.
    """

    parameters: Any
    build: Callable[[Any], Asset]

    def draw(self, rng: np.random.Generator) -> Asset:
        """A random shape."""
        return self.build(self.parameters.sample(rng))
