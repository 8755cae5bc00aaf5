"""Graph convolutions on the vertices of a mesh."""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor, nn

from shapelift.ops.graph_convolution import Neighbourhood, neighbour_sum


class GraphConvolution(nn.Module):
    """x -> W0 x + A W1 x + b at every vertex, A being the normalised adjacency with self loops.

    Args:
        inputs: Channels that come in.
        outputs: Channels that go out.

    Source: Kipf and Welling, ICLR 2017, with the two supports of the code of Wang et al., "Pixel2Mesh", ECCV 2018.
    """

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        # One product for both: the neighbours' part is summed when it is as narrow as the output.
        self.linear = nn.Linear(inputs, 2 * outputs)
        self.outputs = outputs

    def forward(self, x: Float[Tensor, "b v i"], neighbourhood: Neighbourhood) -> Float[Tensor, "b v o"]:
        """Values at the vertices -> values at the vertices."""
        own, near = torch.split(self.linear(x), self.outputs, dim=2)
        return own + neighbour_sum(near, neighbourhood)


class GraphResidual(nn.Module):
    """Two graph convolutions beside a short cut: (x + h) / 2, as published.

    Args:
        channels: In and out.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.first = GraphConvolution(channels, channels)
        self.second = GraphConvolution(channels, channels)

    def forward(self, x: Float[Tensor, "b v c"], neighbourhood: Neighbourhood) -> Float[Tensor, "b v c"]:
        """Values at the vertices -> values at the vertices."""
        h = torch.relu(self.first(x, neighbourhood))
        return (x + torch.relu(self.second(h, neighbourhood))) * 0.5


class OffsetHead(nn.Module):
    """A graph convolution from channels to a way in space, in single precision at least.

    A matrix product under autocast would round a way to one part in 256, a good part of an edge of a fine mesh.
    It begins with small ways, so that the first answers are about the template.

    Args:
        inputs: Channels that come in.
    """

    def __init__(self, inputs: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(6, inputs) * (0.1 * inputs**-0.5))
        self.bias = nn.Parameter(torch.zeros(3))

    def forward(self, x: Float[Tensor, "b v i"], neighbourhood: Neighbourhood) -> Float[Tensor, "b v 3"]:
        """Values at the vertices -> how far each goes."""
        x = x.to(torch.promote_types(x.dtype, torch.float32))
        with torch.autocast(x.device.type, enabled=False):
            ways = nn.functional.linear(x, self.weight)
        own, near = torch.split(ways, 3, dim=2)
        return own + neighbour_sum(near, neighbourhood) + self.bias
