"""From what a model predicts to meshes, point clouds and voxel grids."""

from shapelift.meshing.blocks import mesh_blocks, without_small_components
from shapelift.meshing.clouds import mesh_points
from shapelift.meshing.depthmaps import depth_points, relief, seen_surface
from shapelift.meshing.dispatch import to_mesh, to_point_cloud
from shapelift.meshing.fields import mesh_field
from shapelift.meshing.plates import plate
from shapelift.meshing.points import sample_surface
from shapelift.meshing.sampling import FieldGrid, sample_grid, sample_grid_densely
from shapelift.meshing.viewmaps import fused_points
from shapelift.meshing.voxels import voxels

__all__ = [
    "FieldGrid",
    "depth_points",
    "fused_points",
    "mesh_blocks",
    "mesh_field",
    "mesh_points",
    "plate",
    "relief",
    "sample_grid",
    "sample_grid_densely",
    "sample_surface",
    "seen_surface",
    "to_mesh",
    "to_point_cloud",
    "voxels",
    "without_small_components",
]
