"""Losses, one per file."""

from shapelift.losses.cameras import camera_disagreement
from shapelift.losses.chamfer import chamfer_l1, chamfer_squared
from shapelift.losses.deformation import DeformationTerms, Deformed, Truth, deformation_loss
from shapelift.losses.depth import depth_error, scale_invariant_log
from shapelift.losses.displacement import vertex_displacement
from shapelift.losses.edges import edge_length, edge_spread
from shapelift.losses.emd import EarthMover, earth_mover
from shapelift.losses.hypotheses import min_of_n
from shapelift.losses.laplacian import laplacian_difference, laplacian_smoothness
from shapelift.losses.normal_maps import depth_normal_consistency, normal_cosine
from shapelift.losses.normals import edge_normals, face_consistency, surface_normals
from shapelift.losses.occupancy import occupancy_cross_entropy, occupancy_squared_error
from shapelift.losses.overlap import soft_jaccard
from shapelift.losses.rays import ray_labels
from shapelift.losses.views import fixed_view_loss, novel_view_loss

__all__ = [
    "DeformationTerms",
    "Deformed",
    "EarthMover",
    "Truth",
    "camera_disagreement",
    "chamfer_l1",
    "chamfer_squared",
    "deformation_loss",
    "depth_error",
    "depth_normal_consistency",
    "earth_mover",
    "edge_length",
    "edge_normals",
    "edge_spread",
    "face_consistency",
    "fixed_view_loss",
    "laplacian_difference",
    "laplacian_smoothness",
    "min_of_n",
    "normal_cosine",
    "novel_view_loss",
    "occupancy_cross_entropy",
    "occupancy_squared_error",
    "ray_labels",
    "scale_invariant_log",
    "soft_jaccard",
    "surface_normals",
    "vertex_displacement",
]
