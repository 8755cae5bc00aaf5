"""What things are: cameras, shapes and fields as validated values. World: right-handed, +Y up, front +Z."""

from shapelift.geometry.boxes import UNIT_BOX, Box
from shapelift.geometry.cameras import Camera
from shapelift.geometry.depthmaps import DepthMaps
from shapelift.geometry.fields import ImplicitField
from shapelift.geometry.meshes import Mesh
from shapelift.geometry.picture import PictureFrame
from shapelift.geometry.placement import from_print_frame
from shapelift.geometry.pointclouds import PointCloud
from shapelift.geometry.representations import Representation
from shapelift.geometry.rotations import (
    normalizing_transform,
    rotation_x,
    rotation_y,
    rotation_z,
    similarity,
    transform_points,
)
from shapelift.geometry.templates import ellipsoid_mesh, icosphere
from shapelift.geometry.viewmaps import ViewMaps
from shapelift.geometry.viewpoints import fixed_cameras, orthographic_camera, random_cameras
from shapelift.geometry.voxels import VoxelGrid

__all__ = [
    "UNIT_BOX",
    "Box",
    "Camera",
    "DepthMaps",
    "ImplicitField",
    "Mesh",
    "PictureFrame",
    "PointCloud",
    "Representation",
    "ViewMaps",
    "VoxelGrid",
    "ellipsoid_mesh",
    "fixed_cameras",
    "from_print_frame",
    "icosphere",
    "normalizing_transform",
    "orthographic_camera",
    "random_cameras",
    "rotation_x",
    "rotation_y",
    "rotation_z",
    "similarity",
    "transform_points",
]
