"""What a model may predict."""

from __future__ import annotations

from shapelift.geometry.depthmaps import DepthMaps
from shapelift.geometry.fields import ImplicitField
from shapelift.geometry.meshes import Mesh
from shapelift.geometry.pointclouds import PointCloud
from shapelift.geometry.viewmaps import ViewMaps
from shapelift.geometry.voxels import VoxelGrid

Representation = PointCloud | Mesh | VoxelGrid | DepthMaps | ViewMaps | ImplicitField
"""The union of everything a family can yield; meshing, evaluation and export see only this."""
