"""What validation asks of the data set, whatever the family: points that an IoU can be computed at."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from shapelift.datasets.targets import Arrays, ShapeView, Target
from shapelift.io.labelled_cube import LabelledCube


@dataclass(frozen=True)
class WeightedPoints(Target):
    """Labelled points that stand for the whole unit cube of a frame, each for a volume of its own.

    The stored points are spread evenly over the tight bounding box of the shape, and outside of that box space is empty
    by definition. So the cube is drawn in two layers of half the points each: stored ones in the box, fresh ones around
    it. Sums of `<name>_weight` are estimates of volumes, less noisy than a plain uniform draw where a shape is thin.

    Fields: `<name>` `n 3` float32, `<name>_occupancy` `n` float32, `<name>_weight` `n` float32.

    Attributes:
        count: number of points, even.
        frame: frame of the points.
    """

    count: int
    frame: Literal["object", "view"]

    def read(self, name: str, sample: ShapeView, rng: np.random.Generator) -> Arrays:
        """Draw the points; see the class."""
        half = self.count // 2
        cube = LabelledCube(sample.record, sample.frame_from_object(self.frame))
        inner, occupancy, in_cube = cube.stored(rng.choice(len(cube), half, replace=half > len(cube)))
        inner_weight = in_cube * (cube.box_volume / half)
        outer = rng.uniform(-0.5, 0.5, (half, 3))
        around = ~cube.in_box(outer)
        rest = max(1.0 - float(inner_weight.sum()), 0.0)
        outer_weight = around * (rest / max(int(around.sum()), 1))
        points = np.concatenate([np.clip(inner, -0.5, 0.5), outer])
        if sample.mirrored:
            points = points * (-1.0, 1.0, 1.0)
        return {
            name: points.astype(np.float32),
            f"{name}_occupancy": np.concatenate([occupancy & in_cube, np.zeros(half, np.bool_)]).astype(np.float32),
            f"{name}_weight": np.concatenate([inner_weight, outer_weight]).astype(np.float32),
        }
