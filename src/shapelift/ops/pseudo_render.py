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
Views are drawn one after another: memory holds the points and the output once, the cells of a single view, and for
the gradient the pixel of every invisible point in every view (4 bytes each).

On a CPU the points go through in pieces that stay in the cache, each too small for PyTorch to divide it between
threads: waiting for each other after every operation cost threads more time than they saved.
"""

from __future__ import annotations

from collections.abc import Sequence
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
_LAST = torch.iinfo(torch.int64).max  # as a key: after every other, and its name is that of nobody
_PIECE = 32_000  # points; PyTorch divides work from 32768 numbers on


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
    maps = _Maps(_projections(expanded, dtype), cameras.orthographic, image_size, upsampling)
    depth, logits, collision = _Render.apply(points.to(dtype), mask_logits.to(dtype), maps)  # type: ignore[no-untyped-call]
    return RenderedViews(depth, logits, collision)


@dataclass(frozen=True)
class _Row:
    """The numbers of a x + b y + c z + d: (a, b, c), and a and d as tensors too, into which operations turn numbers."""

    slopes: tuple[float, float, float]
    first: Tensor
    last: Tensor

    def of(self, planes: Sequence[Tensor]) -> Tensor:
        _, b, c = self.slopes
        return (planes[0] * self.first).add_(planes[1], alpha=b).add_(planes[2], alpha=c).add_(self.last)


_View = tuple[_Row, _Row, _Row]  # column, row and depth


@dataclass(frozen=True)
class _Maps:
    """How points go to pixels, per cloud and view.

    A view is drawn with a frame of one pixel, where everything goes that falls outside. `side` counts the frame.
    """

    views: list[list[_View]]
    orthographic: bool
    size: int
    upsampling: int

    @property
    def count(self) -> int:
        return len(self.views[0]) if self.views else 0

    @property
    def side(self) -> int:
        return self.size + 2

    @property
    def slots(self) -> int:
        return self.side * self.side

    def place(self, planes: Sequence[Tensor], view: _View) -> _Places:
        """Where points fall, given as planes x, y, z."""
        u, v, depth = (row.of(planes) for row in view)
        if not self.orthographic:
            u, v = u.div_(depth), v.div_(depth)
        u, v = (part.nan_to_num_(nan=-1.0).clamp_(-1.0, self.size) for part in (u, v))
        column, row_ = u.floor(), v.floor()
        # Arithmetic, not a comparison: in several times the speed.
        in_front = depth.sign().clamp_min_(0.0).to(torch.int32)
        slot = torch.add(column.to(torch.int32), row_.to(torch.int32), alpha=self.side).add_(self.side + 1)
        return _Places(depth, slot.mul_(in_front), u.sub_(column), v.sub_(row_))

    def inner(self, drawn: Tensor) -> Tensor:
        """The image without its frame, `h w`."""
        return drawn.view(self.side, self.side)[1:-1, 1:-1]


@dataclass(frozen=True)
class _Places:
    """Where points fall, each field `n`: depth, slot in the framed image and position within the pixel."""

    depth: Tensor
    slot: Tensor
    within_u: Tensor
    within_v: Tensor


class _Render(torch.autograd.Function):
    """Draws view by view; keeps who answers for which pixel, and where invisible points fell."""

    @staticmethod
    def forward(ctx: Any, points: Tensor, logits: Tensor, maps: _Maps) -> tuple[Tensor, Tensor, Tensor]:
        shape = (len(points), maps.count, maps.size, maps.size)
        depth, mask = points.new_empty(shape), points.new_empty(shape)
        collision, nearest, surest = (points.new_empty(shape, dtype=torch.int32) for _ in range(3))
        cells = collision.new_empty(maps.upsampling**2 * maps.slots)
        crowds = []
        for item in range(len(points)):
            visible = _group(points[item], logits[item], logits[item] > 0)
            invisible = _group(points[item], logits[item], logits[item] <= 0)
            surety = _Keys.of(visible.logits, visible.names, greatest_first=True)
            slots = invisible.names.new_empty(maps.count, len(invisible.names), dtype=torch.int32)
            for number, view in enumerate(maps.views[item]):
                out = (item, number)
                front, best = _draw(visible, surety, view, maps, cells)
                collision[out] = maps.inner(cells.view(-1, maps.slots).amax(dim=0))
                nearest[out], depth[out] = front.names, front.values.nan_to_num_(nan=EMPTY_DEPTH, posinf=torch.inf)
                crowd = _sums(invisible, view, maps, slots[number])
                silent = crowd.sign().add_(1.0)  # 1 where the invisible points have nothing to say, else 0
                nobody = best.names < 0
                mask[out] = torch.where(nobody, crowd.add_(silent, alpha=EMPTY_LOGIT), best.values)
                surest[out] = torch.where(nobody, silent.to(torch.int32).add_(_CROWD), best.names)
            crowds += [invisible.names, slots]
        ctx.save_for_backward(nearest, surest, *crowds)
        ctx.maps, ctx.shape = maps, logits.shape
        ctx.mark_non_differentiable(collision)
        ctx.set_materialize_grads(False)
        return depth, mask, collision

    @staticmethod
    @once_differentiable
    def backward(
        ctx: Any, depth_gradient: Tensor | None, mask_gradient: Tensor | None, _: Tensor | None
    ) -> tuple[Tensor | None, Tensor | None, None]:
        nearest, surest, *crowds = ctx.saved_tensors
        maps, of_points, of_logits = ctx.maps, None, None
        if ctx.needs_input_grad[0] and depth_gradient is not None:
            of_points = depth_gradient.new_empty(*ctx.shape, 3)
            for item, views in enumerate(maps.views):
                _to_points(depth_gradient[item], nearest[item], views, of_points[item])
        if ctx.needs_input_grad[1] and mask_gradient is not None:
            of_logits = mask_gradient.new_empty(ctx.shape)
            for item, (names, slots) in enumerate(zip(crowds[::2], crowds[1::2], strict=True)):
                _to_logits(mask_gradient[item], surest[item], of_logits[item])
                of_crowd = _to_crowd(mask_gradient[item], surest[item], slots, maps)
                of_logits[item].index_add_(0, names, of_crowd)  # every name once
        return of_points, of_logits, None


@dataclass(frozen=True)
class _Group:
    """Some points of one cloud: their indices `m`, logits `m`, coordinates in pieces, and the size of a piece."""

    names: Tensor
    logits: Tensor
    pieces: list[tuple[Tensor, Tensor, Tensor]]
    step: int


@dataclass(frozen=True)
class _Winners:
    """Who is first in every pixel, `h w`: names and values; `_NOBODY` with NaN, or with 0 of the greatest first."""

    names: Tensor
    values: Tensor


@dataclass(frozen=True)
class _Keys:
    """Integers that order points by value and equals by name: 31 bits for the value, 32 bits for the name.

    The bits of a positive float in single precision, read as an integer, grow with it. Other floats are represented
    by their place in a table of all values.
    """

    keys: Tensor
    table: Tensor | None
    flip: int

    @classmethod
    def of(cls, values: Tensor, names: Tensor, greatest_first: bool = False) -> _Keys:
        if values.dtype == torch.float32:
            table, order = None, values.view(torch.int32)
        else:
            table, order = torch.unique(values, return_inverse=True)
        flip = 0x7FFFFFFF if greatest_first else 0
        high = order.bitwise_xor(flip) if flip else order
        return cls(high.to(torch.int64).bitwise_left_shift_(32).bitwise_or_(names), table, flip)

    def winners(self, least: Tensor) -> _Winners:
        """What the least keys say."""
        names = least.to(torch.int32)  # the low half: -1 of `_LAST`
        order = least.bitwise_right_shift(32).to(torch.int32)
        if self.flip:
            order.bitwise_xor_(self.flip)
        if self.table is None:
            return _Winners(names, order.view(torch.float32))
        padded = torch.cat([self.table, self.table.new_full((1,), torch.nan)])
        return _Winners(names, padded[order.clamp_max_(len(self.table)).to(torch.int64)])


def _projections(cameras: Cameras, dtype: torch.dtype) -> list[list[_View]]:
    """Rows of u, v and depth; in a perspective camera the first two are yet to be divided by depth."""
    cameras = cameras.to("cpu", torch.float64)  # few numbers, once: in full precision, and out of reach of autocast
    inner, matrix = cameras.intrinsics.detach().clone(), cameras.camera_from_world.detach()[..., :3, :]
    centre = inner[..., :2, 2].clone()
    if cameras.orthographic:
        inner[..., :2, 2] = 0.0
    rows = inner @ matrix
    if cameras.orthographic:
        rows[..., :2, 3] += centre
    first, last = (iter(rows[..., place].to(dtype).flatten().unbind()) for place in (0, 3))
    return [
        [cast("_View", tuple(_Row((a, b, c), next(first), next(last)) for a, b, c, _ in view)) for view in views]
        for views in rows.tolist()
    ]


def _group(points: Tensor, logits: Tensor, chosen: Tensor) -> _Group:
    names = chosen.nonzero()[:, 0]
    # A table of values must hold all of them.
    step = _piece(names) if logits.dtype == torch.float32 else max(len(names), 1)
    planes = (torch.split(points[:, axis].index_select(0, names), step) for axis in range(3))
    return _Group(names, logits.index_select(0, names), list(zip(*planes, strict=True)), step)


def _piece(values: Tensor) -> int:
    return _PIECE if values.device.type == "cpu" else max(len(values), 1)


def _draw(visible: _Group, surety: _Keys, view: _View, maps: _Maps, cells: Tensor) -> tuple[_Winners, _Winners]:
    """The nearest and the surest of all pixels; the visible points of all `cells` are counted."""
    front, best = (visible.names.new_full((maps.slots,), _LAST) for _ in range(2))
    ones = cells.zero_().new_ones(visible.step)
    for planes, names, sure in zip(
        visible.pieces, torch.split(visible.names, visible.step), torch.split(surety.keys, visible.step), strict=True
    ):
        seen = maps.place(planes, view)
        slot = seen.slot.to(torch.int64)
        near = _Keys.of(seen.depth, names)
        front.scatter_reduce_(0, slot, near.keys, "amin")
        best.scatter_reduce_(0, slot, sure, "amin")
        cells.scatter_add_(0, _cell(seen, maps).to(torch.int64), ones[: len(slot)])
    return near.winners(maps.inner(front)), surety.winners(maps.inner(best))


def _cell(places: _Places, maps: _Maps) -> Tensor:
    across, down = (part.mul_(maps.upsampling).to(torch.int32) for part in (places.within_u, places.within_v))
    # All pixels of the first cell, all of the second, ...: then the maximum runs over whole rows.
    return across.add_(down, alpha=maps.upsampling).mul_(maps.slots).add_(places.slot)


def _sums(invisible: _Group, view: _View, maps: _Maps, slots: Tensor) -> Tensor:
    """What the invisible points add to their pixels, `h w`; where they fall goes into `slots`."""
    total = invisible.logits.new_zeros(maps.slots)
    for planes, values, kept in zip(
        invisible.pieces, torch.split(invisible.logits, invisible.step), torch.split(slots, invisible.step), strict=True
    ):
        kept.copy_(maps.place(planes, view).slot)
        slot = kept.to(torch.int64)
        if values.device.type == "cpu":
            total.scatter_add_(0, slot, values)  # one thread, in order
        else:
            total.index_put_((slot,), values, accumulate=True)  # sorts, where scatter_add would race
    return maps.inner(total) / maps.upsampling**2


def _to_points(gradient: Tensor, nearest: Tensor, views: list[_View], result: Tensor) -> None:
    winners = _winners(nearest)
    for axis in range(3):
        total = gradient.new_zeros(len(result) + 1)
        for view, winner, pull in zip(views, winners, gradient, strict=True):
            # A point is in one pixel only: no two numbers meet, but in the first place, where empty pixels go.
            total.scatter_add_(0, winner, pull.flatten() * view[2].slopes[axis])
        result[:, axis] = total[1:]


def _to_logits(gradient: Tensor, surest: Tensor, result: Tensor) -> None:
    total = gradient.new_zeros(len(result) + 1)
    for winner, pull in zip(_winners(surest), gradient, strict=True):
        total.scatter_add_(0, winner, pull.flatten())
    result[:] = total[1:]


def _winners(names: Tensor) -> list[Tensor]:
    """1 + the point that answers for a pixel, or 0, for every view."""
    return [view.flatten().to(torch.int64).clamp_min_(_NOBODY).add_(1) for view in names]


def _to_crowd(gradient: Tensor, surest: Tensor, slots: Tensor, maps: _Maps) -> Tensor:
    """Gradient of every invisible point."""
    shares = gradient.new_zeros(maps.count, maps.side, maps.side)
    for view in range(maps.count):
        shares[view, 1:-1, 1:-1] = (gradient[view] / maps.upsampling**2) * (surest[view] == _CROWD)
    result = gradient.new_zeros(slots.shape[1])
    step = _piece(result)
    for part, pieces in zip(torch.split(result, step), torch.split(slots, step, dim=1), strict=True):
        for view in range(maps.count):
            part.add_(shares[view].flatten().index_select(0, pieces[view]))
    return result
