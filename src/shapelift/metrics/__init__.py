"""How good is a reconstruction? One definition per file; the conventions of papers by name in `protocols`."""

from shapelift.metrics.bootstrap import Interval, bootstrap_difference, bootstrap_mean
from shapelift.metrics.chamfer import chamfer_l1, chamfer_l2
from shapelift.metrics.emd import emd
from shapelift.metrics.fscore import FRACTIONS, fscore, fscores
from shapelift.metrics.iou import iou
from shapelift.metrics.metric import Metric
from shapelift.metrics.nearest import Matches, match
from shapelift.metrics.normals import normal_consistency
from shapelift.metrics.protocols import PROTOCOLS, Protocol
from shapelift.metrics.registry import METRICS, measure
from shapelift.metrics.surface_distance import SurfaceDistance

__all__ = [
    "FRACTIONS",
    "METRICS",
    "PROTOCOLS",
    "Interval",
    "Matches",
    "Metric",
    "Protocol",
    "SurfaceDistance",
    "bootstrap_difference",
    "bootstrap_mean",
    "chamfer_l1",
    "chamfer_l2",
    "emd",
    "fscore",
    "fscores",
    "iou",
    "match",
    "measure",
    "normal_consistency",
]
