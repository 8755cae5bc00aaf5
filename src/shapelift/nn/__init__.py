"""Learnable bricks with plain arguments."""

from shapelift.nn.camera_head import CameraHead
from shapelift.nn.deform import DeformationNetwork, PublishedEncoder
from shapelift.nn.depth import PixelDecoder
from shapelift.nn.encoders import CompactEncoder, ImNetEncoder, ResNet18Encoder
from shapelift.nn.graph_conv import GraphConvolution
from shapelift.nn.imnet import ImNetDecoder
from shapelift.nn.picture_planes import FrontPlane, PictureDecoder
from shapelift.nn.planes import PlaneDecoder, PlaneGenerator
from shapelift.nn.pointset import CompactPointNet, PublishedPointNet
from shapelift.nn.structure import CompactGenerator, PublishedGenerator
from shapelift.nn.voxels import PublishedVoxelDecoder, VoxelDecoder

__all__ = [
    "CameraHead",
    "CompactEncoder",
    "CompactGenerator",
    "CompactPointNet",
    "DeformationNetwork",
    "FrontPlane",
    "GraphConvolution",
    "ImNetDecoder",
    "ImNetEncoder",
    "PictureDecoder",
    "PixelDecoder",
    "PlaneDecoder",
    "PlaneGenerator",
    "PublishedEncoder",
    "PublishedGenerator",
    "PublishedPointNet",
    "PublishedVoxelDecoder",
    "ResNet18Encoder",
    "VoxelDecoder",
]
