"""The pseudo-renderer: a cloud with mask logits becomes depth and mask at other viewpoints (Lin, Kong, Lucey 2018).

What is computed, for one view of one cloud. A point is drawn if its pixel position (column u, row v) lies in the image
and its depth is positive. It falls into the pixel (floor u, floor v), and there into one of U x U cells, U the
upsampling. Points with a logit above 0 are visible, all others (0 included) invisible. Per pixel:

- depth: the least depth of its visible points; 0 where there is none.
- mask logit: the greatest logit of its visible points; where there is none, the sum of the logits of its invisible
  points divided by U * U, if that is negative; otherwise -1.
- collision: over the U x U cells of the pixel, the greatest number of visible points in one cell. 0: no visible point;
  1: no two visible points share a cell; more: some do.

Where this is the published method, and where it is not. Published, the points of a cell are summed (inverse depth,
logit and count alike) and the pixel takes the maximum of each over its cells. Where the collision is at most 1, sums
have one term, and both methods agree: the least depth, the greatest logit. Where points collide the published depth
and logit are those of no point at all, and the published loss leaves the depth out; here the nearest point wins, so
depth is right in every pixel with a collision above 0. The mask of invisible points, and the -1, are as published.
Three details differ on purpose: pixel centres lie at +0.5, so a cell holds what falls into it and nothing is rounded
half to even; points behind the camera are not drawn; and depth is not kept as 1 / (depth + 10) in between, which costs
digits. One point is responsible for the depth of a pixel and one for its mask, not always the same one, as published;
of equals it is the one that comes first.

Gradients are the published ones: the depth of a pixel moves the point that is nearest along the optical axis (which
cell a point falls into has no gradient); its mask logit moves the greatest visible logit, or all invisible ones by
1 / (U * U). There is none for the cameras.

Every step is a minimum, a sum of integers, or a sum in a fixed order: two runs give equal bits, on any device.
Views are drawn one after another: memory holds the points and the output once, and the cells of a single view.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, cast

import torch
from jaxtyping import Float, Int32
from torch import Tensor
from torch.autograd.function import once_differentiable

from shapelift.ops.cameras import Cameras

EMPTY_DEPTH = 0.0
EMPTY_LOGIT = -1.0

_NOBODY, _CROWD = -1, -2  # who answers for a pixel, if not one point: nobody, or all its invisible points together
_LAST = torch.iinfo(torch.int64).max


@dataclass(frozen=True, eq=False)
class RenderedViews:
    """What the views see of the cloud; definitions above.

    Attributes:
        depth: `b v h w`, world units along the optical axis; `EMPTY_DEPTH` where collision is 0.
        mask_logits: `b v h w`; `EMPTY_LOGIT` where no point falls.
        collision: `b v h w`, the most visible points in one cell of a pixel.
    """

    depth: Float[Tensor, "b v h w"]
    mask_logits: Float[Tensor, "b v h w"]
    collision: Int32[Tensor, "b v h w"]


def render_views(
    points: Float[Tensor, "b n 3"],
    mask_logits: Float[Tensor, "b n"],
    cameras: Cameras,
    *,
    image_size: int,
    upsampling: int = 5,
) -> RenderedViews:
    """Draw clouds as seen by cameras.

    Computed in single precision at least. Points or logits that are not numbers are not drawn.

    Args:
        points: World.
        mask_logits: Positive where a point exists.
        cameras: Of shape `v` (shared by the batch) or `b v`.
        image_size: Side of the square images, in pixels.
        upsampling: Cells per side of a pixel; 5 as published.

    Raises:
        ValueError: sizes below 1, or cameras for another batch.
    """
    if image_size < 1 or upsampling < 1:
        raise ValueError(f"image_size and upsampling must be positive, got {image_size} and {upsampling}")
    dtype = torch.promote_types(torch.promote_types(points.dtype, mask_logits.dtype), torch.float32)
    expanded = cameras.expand(len(points))
    maps = _Maps(_projections(expanded), cameras.orthographic, image_size, upsampling)
    depth, logits, collision = _Render.apply(points.to(dtype), mask_logits.to(dtype), maps)  # type: ignore[no-untyped-call]
    return RenderedViews(depth, logits, collision)


@dataclass(frozen=True)
class _Maps:
    """How points go to pixels: per cloud and view three rows (a, b, c, d) with a x + b y + c z + d = u, v and depth."""

    rows: list[list[list[list[float]]]]
    orthographic: bool
    size: int
    upsampling: int

    @property
    def views(self) -> int:
        return len(self.rows[0]) if self.rows else 0

    @property
    def pixels(self) -> int:
        return self.size * self.size

    def place(self, planes: Tensor, rows: list[list[float]]) -> _Places:
        """Where points fall, given as planes `3 n`."""
        u, v, depth = (_affine(planes, row) for row in rows)
        if not self.orthographic:
            u, v = u.div_(depth), v.div_(depth)
        column, row_ = u.floor(), v.floor()
        middle = (self.size - 1) / 2.0
        from_middle = torch.maximum((column - middle).abs_(), (row_ - middle).abs_())
        drawn = (from_middle <= middle).logical_and_(depth > 0)  # false for anything that is not a number
        pixel = torch.add(column.to(torch.int32), row_.to(torch.int32), alpha=self.size)
        # Far outside, integers overflow to anything; the product with 0 makes all of them slot 0.
        slot = pixel.add_(1).mul_(drawn.to(torch.int32)).to(torch.int64)
        return _Places(depth, slot, u.sub_(column), v.sub_(row_))


@dataclass(frozen=True)
class _Places:
    """Where points fall, each field `n`: depth, slot (1 + pixel, or 0 for none) and position within the pixel."""

    depth: Tensor
    slot: Tensor
    within_u: Tensor
    within_v: Tensor


class _Render(torch.autograd.Function):
    """Draws view by view; keeps who answers for which pixel."""

    @staticmethod
    def forward(ctx: Any, points: Tensor, logits: Tensor, maps: _Maps) -> tuple[Tensor, Tensor, Tensor]:
        shape = (len(points), maps.views, maps.pixels)
        depth, mask = points.new_empty(shape), points.new_empty(shape)
        collision, nearest, surest = (points.new_empty(shape, dtype=torch.int32) for _ in range(3))
        cells = points.new_empty(maps.upsampling**2 * maps.pixels + 1, dtype=torch.int32)
        for item in range(len(points)):
            planes = points[item].T.contiguous()
            visible = _group(planes, logits[item], logits[item] > 0)
            invisible = _group(planes, logits[item], logits[item] <= 0)
            surety = _keys(-visible.logits)
            for view, rows in enumerate(maps.rows[item]):
                out = (item, view)
                seen = maps.place(visible.planes, rows)
                collision[out] = _most_in_a_cell(cells, seen, maps)
                front, depth[out] = _first(_keys(seen.depth), seen.slot, seen.depth, maps.pixels, EMPTY_DEPTH)
                nearest[out] = visible.names(front)
                best, greatest = _first(surety, seen.slot, visible.logits, maps.pixels, EMPTY_LOGIT)
                crowd = _sums(invisible.logits, maps.place(invisible.planes, rows).slot, maps.pixels)
                crowd /= maps.upsampling**2
                unseen = (best == _NOBODY).logical_and_(crowd < 0)
                mask[out] = torch.where(unseen, crowd, greatest)
                surest[out] = visible.names(best).masked_fill_(unseen, _CROWD)
        ctx.save_for_backward(points, logits, nearest, surest)
        ctx.maps = maps
        ctx.mark_non_differentiable(collision)
        ctx.set_materialize_grads(False)
        full = (*shape[:2], maps.size, maps.size)
        return depth.view(full), mask.view(full), collision.view(full)

    @staticmethod
    @once_differentiable
    def backward(
        ctx: Any, depth_gradient: Tensor | None, mask_gradient: Tensor | None, _: Tensor | None
    ) -> tuple[Tensor | None, Tensor | None, None]:
        points, logits, nearest, surest = ctx.saved_tensors
        of_points = of_logits = None
        if ctx.needs_input_grad[0] and depth_gradient is not None:
            of_points = _to_points(depth_gradient.flatten(2), nearest, points, ctx.maps)
        if ctx.needs_input_grad[1] and mask_gradient is not None:
            of_logits = _to_logits(mask_gradient.flatten(2), surest, points, logits, ctx.maps)
        return of_points, of_logits, None


@dataclass(frozen=True)
class _Group:
    """Some points of one cloud: who they are `m`, coordinates `3 m` and logits `m`."""

    members: Tensor
    planes: Tensor
    logits: Tensor

    def names(self, position: Tensor) -> Tensor:
        """Index in the cloud of the positions in this group; `_NOBODY` stays."""
        padded = torch.cat([self.members.new_full((1,), _NOBODY), self.members])
        return padded.index_select(0, position + 1).to(torch.int32)


def _projections(cameras: Cameras) -> list[list[list[list[float]]]]:
    """Rows of u, v and depth, `b v 3 4`; in a perspective camera the first two are yet to be divided by depth."""
    cameras = cameras.to("cpu", torch.float64)  # few numbers, once: in full precision, and out of reach of autocast
    inner, matrix = cameras.intrinsics.detach().clone(), cameras.camera_from_world.detach()[..., :3, :]
    centre = inner[..., :2, 2].clone()
    if cameras.orthographic:
        inner[..., :2, 2] = 0.0
    rows = inner @ matrix
    if cameras.orthographic:
        rows[..., :2, 3] += centre
    return cast("list[list[list[list[float]]]]", rows.tolist())


def _affine(planes: Tensor, row: list[float]) -> Tensor:
    a, b, c, d = row
    return (planes[0] * a).add_(planes[1], alpha=b).add_(planes[2], alpha=c).add_(d)


def _group(planes: Tensor, logits: Tensor, chosen: Tensor) -> _Group:
    members = chosen.nonzero()[:, 0]
    return _Group(members, planes.index_select(1, members), logits.index_select(0, members))


def _keys(values: Tensor) -> Tensor:
    """Integers that order points by value and equals by position: the position is in the low 32 bits."""
    position = torch.arange(len(values), device=values.device)
    if values.dtype == torch.float32:
        bits = values.view(torch.int32)
        # The bits of floats, read as an integer, grow with the float, but for negative ones they fall.
        order = bits.bitwise_xor(torch.bitwise_and(bits >> 31, 0x7FFFFFFF)).to(torch.int64)
    else:
        order = torch.empty_like(position)
        order[torch.sort(values, stable=True).indices] = position
    return torch.add(position, order, alpha=1 << 32)


def _first(keys: Tensor, slot: Tensor, values: Tensor, pixels: int, empty: float) -> tuple[Tensor, Tensor]:
    """Position of the point with the least key in every pixel (`_NOBODY` if there is none), and its value."""
    least = keys.new_full((pixels + 1,), _LAST).scatter_reduce_(0, slot, keys, "amin")[1:]
    position = least.bitwise_and(0xFFFFFFFF).masked_fill_(least == _LAST, _NOBODY)
    padded = torch.cat([values.new_full((1,), empty), values])
    return position, padded.index_select(0, position + 1)


def _sums(values: Tensor, slot: Tensor, pixels: int) -> Tensor:
    total = values.new_zeros(pixels + 1)
    if values.device.type == "cpu":
        return total.scatter_add_(0, slot, values)[1:]  # one thread, in order
    return total.index_put_((slot,), values, accumulate=True)[1:]  # sorts, where scatter_add would race


def _most_in_a_cell(cells: Tensor, places: _Places, maps: _Maps) -> Tensor:
    """The greatest number of points in one cell of every pixel; `cells` is room to count in."""
    across, down = (part.mul(maps.upsampling).to(torch.int32) for part in (places.within_u, places.within_v))
    cell = torch.add(across, down, alpha=maps.upsampling).mul_(places.slot.ne(0))
    # All pixels of the first cell, all of the second, ...: then the maximum runs over whole rows.
    counter = torch.add(places.slot, cell, alpha=maps.pixels)
    cells.zero_().scatter_add_(0, counter, torch.ones_like(cell))
    return cells[1:].view(-1, maps.pixels).amax(dim=0)


def _to_points(gradient: Tensor, nearest: Tensor, points: Tensor, maps: _Maps) -> Tensor:
    result = torch.empty_like(points)
    for item in range(len(points)):
        planes = points.new_zeros(3, points.shape[1] + 1)
        for view, rows in enumerate(maps.rows[item]):
            # A point is in one pixel only: no two numbers meet, but in column 0, where empty pixels go.
            winner = nearest[item, view].to(torch.int64).add_(1)
            for axis in range(3):
                planes[axis].scatter_add_(0, winner, gradient[item, view] * rows[2][axis])
        result[item] = planes[:, 1:].T
    return result


def _to_logits(gradient: Tensor, surest: Tensor, points: Tensor, logits: Tensor, maps: _Maps) -> Tensor:
    result = torch.empty_like(logits)
    for item in range(len(points)):
        invisible = _group(points[item].T.contiguous(), logits[item], logits[item] <= 0)
        total, of_crowd = logits.new_zeros(logits.shape[1] + 1), torch.zeros_like(invisible.logits)
        for view, rows in enumerate(maps.rows[item]):
            who, shares = surest[item, view], logits.new_zeros(maps.pixels + 1)
            total.scatter_add_(0, who.clamp_min(_NOBODY).to(torch.int64).add_(1), gradient[item, view])
            shares[1:] = (gradient[item, view] / maps.upsampling**2).masked_fill_(who != _CROWD, 0.0)
            of_crowd += shares.index_select(0, maps.place(invisible.planes, rows).slot)
        result[item] = total[1:]
        result[item].index_add_(0, invisible.members, of_crowd)  # every member once
    return result
