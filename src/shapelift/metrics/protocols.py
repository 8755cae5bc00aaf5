"""Named conventions: what exactly a paper's table measures, as functions that can be run.

Only the surface part is here. Volumes are compared with `shapelift.metrics.iou` in all of them.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from shapelift.geometry import PointCloud
from shapelift.metrics.chamfer import chamfer_l1_of, chamfer_l2_of
from shapelift.metrics.emd import emd
from shapelift.metrics.fscore import fraction_name, fscore_of
from shapelift.metrics.metric import Surfaces
from shapelift.metrics.nearest import EMPTY_DISTANCE, Matches, match
from shapelift.metrics.normals import normal_consistency_between
from shapelift.metrics.registry import measure


@dataclass(frozen=True)
class Protocol:
    """One convention for comparing a predicted surface with a true one.

    Attributes:
        name: How it is called here.
        source: Paper or code that defines it.
        definition: What is computed, in words, with powers, reductions and factors.
        sample_count: Points to draw from the predicted surface (what the source uses).
        function: Computes the named numbers from matched clouds.
        needs_normals: Whether both clouds must have normals.
        reference_count: Points to draw from the true surface; None: as many as there are.
        one_to_one: Whether points are matched in pairs, so that both clouds must have as many: of predicted points,
            too, `sample_count` are drawn.
    """

    name: str
    source: str
    definition: str
    sample_count: int
    function: Callable[[Matches, PointCloud, PointCloud], dict[str, float]]
    needs_normals: bool = False
    reference_count: int | None = None
    one_to_one: bool = False

    def score(self, prediction: PointCloud, reference: PointCloud, side: float | None = None) -> dict[str, float]:
        """The named numbers for two clouds in one frame; finite for an empty prediction, too.

        Args:
            prediction: Points on the predicted surface, with normals where the protocol compares them.
            reference: Points on the true surface, likewise.
            side: Longest side of the true object, where it is known better than the points tell.

        Raises:
            ValueError: an empty reference, missing normals, or counts that differ where points are matched in pairs.
        """
        return self.function(match(prediction.points, reference.points, side), prediction, reference)


def _shapelift(matches: Matches, prediction: PointCloud, reference: PointCloud) -> dict[str, float]:
    return measure(Surfaces(matches, prediction, reference))


def _occupancy_networks(matches: Matches, prediction: PointCloud, reference: PointCloud) -> dict[str, float]:
    if matches.is_empty:
        worst = EMPTY_DISTANCE * matches.side
        return {"chamfer_l1_x10": 10.0 * worst, "chamfer_l2_mean": worst**2, "normal_consistency": -1.0}
    return {
        "chamfer_l1_x10": 10.0 * chamfer_l1_of(matches),
        "chamfer_l2_mean": chamfer_l2_of(matches) / 2.0,
        "normal_consistency": normal_consistency_between(matches, prediction, reference),
    }


def _lin(matches: Matches, prediction: PointCloud, reference: PointCloud) -> dict[str, float]:
    del prediction, reference
    worst = EMPTY_DISTANCE * matches.side
    forward = worst if matches.is_empty else float(matches.to_reference.mean())
    backward = worst if matches.is_empty else float(matches.to_prediction.mean())
    return {"prediction_to_reference_x100": 100.0 * forward, "reference_to_prediction_x100": 100.0 * backward}


def _fan(matches: Matches, prediction: PointCloud, reference: PointCloud) -> dict[str, float]:
    return {
        "chamfer_l2_x1000": 1000.0 * chamfer_l2_of(matches),
        "emd_x100": 100.0 * emd(prediction.points, reference.points),
    }


def _pixel2mesh(matches: Matches, prediction: PointCloud, reference: PointCloud) -> dict[str, float]:
    del prediction, reference
    # 1e-4 and 2e-4 are thresholds on squared distances, in a world where the object is scaled by 0.57.
    return {
        "chamfer_l2_x1000": 1000.0 * 0.57**2 * chamfer_l2_of(matches),
        "fscore_tau": fscore_of(matches, math.sqrt(1e-4) / 0.57),
        "fscore_2tau": fscore_of(matches, math.sqrt(2e-4) / 0.57),
    }


def _tatarchenko(matches: Matches, prediction: PointCloud, reference: PointCloud) -> dict[str, float]:
    del prediction, reference
    return {fraction_name(part): fscore_of(matches, part) for part in (0.005, 0.01, 0.02, 0.05, 0.1, 0.2)}


_ALL = (
    Protocol(
        "shapelift",
        "DESIGN section 6 of this project",
        "chamfer_l1 = mean of the two mean unsquared distances; chamfer_l2 = sum of the two mean squared distances; "
        "F-score at 0.5, 1, 2 and 5 % of the reference's longest side; recall at 2 % of it = share of the reference "
        "within reach of the prediction; normal consistency = mean |n.n'| of both directions. Empty prediction: "
        "sqrt(3) and 6 times the (squared) side, 0, 0, 0.",
        100_000,
        _shapelift,
        needs_normals=True,
    ),
    Protocol(
        "occupancy-networks",
        "Mescheder et al., Occupancy Networks, CVPR 2019, and its MeshEvaluator",
        "Chamfer-L1 = mean of accuracy and completeness, unsquared, times 10 (unit: a tenth of the longest side of an "
        "object in the unit cube); Chamfer-L2 = mean, not sum, of the two mean squared distances; normal consistency. "
        "Empty prediction: sqrt(3) per point and normal consistency -1.",
        100_000,
        _occupancy_networks,
        needs_normals=True,
    ),
    Protocol(
        "lin-2018",
        "Lin, Kong, Lucey, Learning Efficient Point Cloud Generation for Dense 3D Object Reconstruction, AAAI 2018",
        "Two one-sided mean unsquared distances, times 100, never added. The released code averages over 200 random "
        "source points per direction; here all points are used, which is the expectation of that number.",
        100_000,
        _lin,
    ),
    Protocol(
        "fan-2017",
        "Fan, Su, Guibas, A Point Set Generation Network for 3D Object Reconstruction from a Single Image, CVPR 2017",
        "On 1,024 points of either surface: sum of the two mean squared distances times 1000, and earth mover's "
        "distance times 100, the mean distance of the best one-to-one assignment, exact. The paper writes sums over "
        "points for both; means do not grow with the number of points. Of predicted points 1,024 are drawn.",
        1_024,
        _fan,
        reference_count=1_024,
        one_to_one=True,
    ),
    Protocol(
        "pixel2mesh",
        "Wang et al., Pixel2Mesh, ECCV 2018, and its eval_testset script",
        "In a world scaled by 0.57: sum of the two mean squared distances times 1000; F-score with thresholds 1e-4 and "
        "2e-4 on the squared distance. The released code compares 2466 mesh vertices, not surface samples.",
        2_466,
        _pixel2mesh,
    ),
    Protocol(
        "tatarchenko-2019",
        "Tatarchenko et al., What Do Single-view 3D Reconstruction Networks Learn?, CVPR 2019",
        "F-score at 0.5, 1, 2, 5, 10 and 20 % of the side of the cube of side 1 that holds the object (not of the "
        "object's own side); 1 % is the recommended one. 10,000 points on either surface.",
        10_000,
        _tatarchenko,
        reference_count=10_000,
    ),
)

PROTOCOLS: Mapping[str, Protocol] = MappingProxyType({protocol.name: protocol for protocol in _ALL})
"""All conventions by name."""
