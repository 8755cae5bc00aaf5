"""What a category of procedural shapes is made of."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from shapelift.synthesis.materials import Asset, Material
from shapelift.synthesis.procedural.declaration import Parameters
from shapelift.synthesis.procedural.solids import Part, assemble


@dataclass(frozen=True)
class Category:
    """A distribution of parameters, and how a shape is made of them.

    Attributes:
        parameters: Their class. One of them is `material_seed`: materials alone are drawn while building.
        parts: Parameters -> the parts of the shape in any unit, +Y up, front +Z, connected.
        materials: Parameters and a generator of their `material_seed` -> one material for every group of parts.
    """

    parameters: type[Parameters]
    parts: Callable[[Any], Sequence[Part]]
    materials: Callable[[Any, np.random.Generator], Mapping[str, Material]]

    def build(self, parameters: Any) -> Asset:
        """The shape of these parameters: one closed solid, centred, longest side 1.

        Raises:
            ValueError: the parts are not connected, which is very rare.
        """
        materials = self.materials(parameters, np.random.default_rng(parameters.material_seed))
        return assemble(self.parts(parameters), materials)

    def draw(self, rng: np.random.Generator) -> Asset:
        """A random shape; raises as `build` does."""
        return self.build(self.parameters.sample(rng))
