"""From what a model predicts to meshes, point clouds and voxel grids."""

from shapelift.meshing.dispatch import to_mesh, to_point_cloud
from shapelift.meshing.fields import mesh_field
from shapelift.meshing.sampling import FieldGrid, sample_grid, sample_grid_densely
from shapelift.meshing.voxels import voxels

__all__ = ["FieldGrid", "mesh_field", "sample_grid", "sample_grid_densely", "to_mesh", "to_point_cloud", "voxels"]
