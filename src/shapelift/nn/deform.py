"""Networks that pull a template into shape by what an image says at its vertices.

Source: Wang et al., "Pixel2Mesh: Generating 3D mesh models from single RGB images", ECCV 2018.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor, nn

from shapelift.geometry.meshes import Mesh
from shapelift.nn.graph_conv import GraphConvolution, GraphResidual, OffsetHead
from shapelift.ops.topology import Topology, stages_of
from shapelift.ops.vertex_pooling import pool_vertices, project

STAGES = 3


@dataclass(frozen=True, eq=False)
class Stage:
    """What one block did.

    Attributes:
        before: `b v 3`, the mesh it started from.
        after: `b v 3`, the mesh it made of it.
    """

    before: Float[Tensor, "b v 3"]
    after: Float[Tensor, "b v 3"]


class PublishedEncoder(nn.Module):
    """The image network of Pixel2Mesh: 18 convolutions in the manner of VGG, trained from nothing.

    Two of 16 channels, then 3 of 32, 64, 128 and 256 and 4 of 512 channels, the first of each at half the resolution of
    the one before; those two at 256 and 512 are 5 x 5. The last four groups give 960 channels in all.

    Args:
        channels: Image channels.
    """

    widths = (64, 128, 256, 512)
    code_size = 512
    step = 32

    def __init__(self, *, channels: int) -> None:
        super().__init__()
        groups = ((32, 3, 3), (64, 3, 3), (128, 3, 3), (256, 5, 3), (512, 5, 4))
        self.stem = nn.Sequential(*_convolution(channels, 16), *_convolution(16, 16))
        stages = []
        inputs = 16
        for width, kernel, count in groups:
            layers = _convolution(inputs, width, kernel, stride=2)
            for _ in range(count - 1):
                layers += _convolution(width, width)
            stages.append(nn.Sequential(*layers))
            inputs = width
        self.stages = nn.ModuleList(stages)

    def forward(self, image: Float[Tensor, "b c h w"]) -> tuple[Float[Tensor, "b 512"], list[Tensor]]:
        """Image -> the mean of the last map, and the maps of 64, 128, 256 and 512 channels."""
        x, pyramid = self.stem(image), []
        for stage in self.stages:
            x = stage(x)
            pyramid.append(x)
        return x.mean(dim=(2, 3)), pyramid[1:]


class DeformationBlock(nn.Module):
    """Graph convolutions that say how far every vertex goes.

    Args:
        inputs: Channels at a vertex.
        hidden: Channels within.
        pairs: Residual pairs of convolutions.
        narrow: Channels of one more convolution before the way, or 0 for none.
    """

    def __init__(self, inputs: int, hidden: int, pairs: int, narrow: int = 0) -> None:
        super().__init__()
        self.first = GraphConvolution(inputs, hidden)
        self.pairs = nn.ModuleList(GraphResidual(hidden) for _ in range(pairs))
        self.narrow = GraphConvolution(hidden, narrow) if narrow else None
        self.head = OffsetHead(narrow or hidden)

    def forward(self, x: Tensor, topology: Topology) -> tuple[Float[Tensor, "b v h"], Float[Tensor, "b v 3"]]:
        """Values at the vertices -> hidden values, and ways."""
        hood = topology.normalised
        x = torch.relu(self.first(x, hood))
        for pair in self.pairs:
            x = pair(x, hood)
        last = x if self.narrow is None else torch.relu(self.narrow(x, hood))
        return x, self.head(last, hood)


class DeformationNetwork(nn.Module):
    """Three blocks, with unpooling between them: template -> mesh -> finer mesh -> finest mesh.

    A block sees, at every vertex, the feature maps where the vertex is seen, its position, and from the second block on
    what the block before knew there. It says how far the vertex goes from where it is.

    Args:
        template: Closed mesh around the origin, in the frame of the prediction.
        image_size: Side of the image [px].
        widths: Channels of the feature maps.
        hidden: Channels of each block.
        pairs: Residual pairs of each block.
        narrow: Channels before the last way, or 0.
        pooled: Channels that every map is brought to before it is looked at, or 0 for those it has.
        code_size: Length of an image code that all vertices see as well, or 0.
    """

    template: Tensor

    def __init__(
        self,
        *,
        template: Mesh,
        image_size: int,
        widths: Sequence[int],
        hidden: Sequence[int],
        pairs: Sequence[int],
        narrow: int = 0,
        pooled: int = 0,
        code_size: int = 0,
    ) -> None:
        super().__init__()
        if len(hidden) != STAGES or len(pairs) != STAGES:
            raise ValueError(f"there are {STAGES} blocks, got hidden={tuple(hidden)} and pairs={tuple(pairs)}")
        self.image_size = image_size
        self.topologies = nn.ModuleList(stages_of(template, STAGES))
        self.register_buffer("template", torch.from_numpy(np.array(template.vertices)), persistent=False)
        self.bring = nn.ModuleList(nn.Conv2d(width, pooled, 1) for width in widths) if pooled else None
        self.tell = nn.ModuleList(nn.Linear(code_size, pooled) for _ in range(STAGES)) if code_size else None
        seen = (pooled * len(widths) if pooled else sum(widths)) + 3 + (pooled if code_size else 0)
        inputs = [seen, *(seen + before for before, _ in pairwise(hidden))]
        blocks = zip(inputs, hidden, pairs, (0, 0, narrow), strict=True)
        self.blocks = nn.ModuleList(DeformationBlock(*sizes) for sizes in blocks)

    def forward(
        self,
        code: Float[Tensor, "b d"],
        pyramid: Sequence[Tensor],
        intrinsics: Float[Tensor, "b 3 3"],
        camera_from_world: Float[Tensor, "b 4 4"],
    ) -> list[Stage]:
        """Image code and feature maps, and the camera of the image -> what every block did, in the frame of the world.

        Args:
            code: Of the image.
            pyramid: Feature maps that cover it.
            intrinsics: Pixels of the image.
            camera_from_world: Rigid.
        """
        maps = list(pyramid)
        if self.bring is not None:
            maps = [bring(values) for bring, values in zip(self.bring, maps, strict=True)]
        position = self.template.expand(code.shape[0], -1, -1)
        hidden: Tensor | None = None
        stages: list[Stage] = []
        for number, block in enumerate(self.blocks):
            topology = self.stage(number)
            if hidden is not None:
                coarser = self.stage(number - 1)
                position, hidden = coarser.unpool(position), coarser.unpool(hidden)
            pixels = project(position, intrinsics, camera_from_world)
            known = [pool_vertices(maps, pixels, self.image_size), position]
            if self.tell is not None:
                known.append(self.tell[number](code)[:, None].expand(-1, topology.vertices, -1))
            if hidden is not None:
                known.append(hidden)
            # In the precision of the maps: what is wider is rounded by the first convolution of the block anyway.
            hidden, ways = block(torch.cat([part.to(maps[0].dtype) for part in known], dim=2), topology)
            stages.append(Stage(position, position + ways))
            position = stages[-1].after
        return stages

    def stage(self, number: int) -> Topology:
        """The topology of the mesh that block `number` moves.

        Raises:
            TypeError: never, but the type checker cannot know.
        """
        topology = self.topologies[number]
        if not isinstance(topology, Topology):
            raise TypeError("stages are topologies")
        return topology


def _convolution(inputs: int, outputs: int, kernel: int = 3, stride: int = 1) -> list[nn.Module]:
    return [nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2), nn.ReLU()]
