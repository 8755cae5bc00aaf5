"""What a category of procedural shapes is made of."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from shapelift.synthesis.materials import Asset, Material
from shapelift.synthesis.procedural.solids import Part, assemble


@dataclass(frozen=True)
class Category:
    """A distribution of parameters, and how a shape is made of them.

    Attributes:
        parameters: The class of the parameters, with a class method `sample(rng)` that draws mutually plausible ones.
            One of them is `material_seed`: materials alone are drawn while building.
        parts: Parameters -> the parts of the shape in any unit, +Y up, front +Z, connected.
        materials: Parameters and a generator of their `material_seed` -> one material for every group of parts.
    """

    parameters: Any
    parts: Callable[[Any], Sequence[Part]]
    materials: Callable[[Any, np.random.Generator], Mapping[str, Material]]

    def build(self, parameters: Any) -> Asset:
        """The shape of these parameters: one closed solid, centred, longest side 1.

        Raises:
            ValueError: The parts are not connected, as may happen in the very rare case.
        """
        materials = self.materials(parameters, np.random.default_rng(parameters.material_seed))
        return assemble(self.parts(parameters), materials)

    def draw(self, rng: np.random.Generator) -> Asset:
        """A random shape; raises as `build` does."""
        return self.build(self.parameters.sample(rng))
