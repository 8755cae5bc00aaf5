"""A field in the frame of a picture: what the network says, cut to the outline of the object, and filled to it.

The value of the assembled field at a point is

    min(max(network, steepness * fill), steepness * outline)

where `outline` is the signed distance to the outline of the mask in the picture and `fill` about that to the surface of
the solid that is added along rays of which the network is not sure, both positive inside. The steepness is that of the
network's own logits at its surface, so that all terms grow alike and a surface between two nodes of a grid lies where
it should.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from shapelift.errors import Doubt
from shapelift.geometry import Box, Camera, ImplicitField, PictureFrame
from shapelift.inference.fallback import FAINTEST, WARNING, fallback_level
from shapelift.inference.fill import Fill, make_fill
from shapelift.inference.ray_samples import RaySamples, possible_range, sample_rays
from shapelift.inference.window_maps import Map, WindowMaps, outline_distance

_OUTSIDE = 0.02
"""Farther than this outside of the outline the network is not asked, in windows."""

_STEEPNESS = 30.0
_STEEPEST, _FLATTEST = 100.0, 10.0

Points = npt.NDArray[np.float32]
Logits = Callable[[Points], npt.NDArray[np.float32]]


@dataclass(frozen=True, eq=False)
class PictureField:
    """What was assembled.

    Attributes:
        field: With its placement in the frame `view`.
        filled_share: The share of the silhouette that was filled, None without a fill.
        warnings: Lines for the user.
    """

    field: ImplicitField
    filled_share: float | None
    warnings: tuple[Doubt, ...]


def picture_field(
    logits: Logits,
    colors: Logits | None,
    camera: Camera,
    alpha: Map,
    *,
    visible: Map | None = None,
    fill: bool = True,
) -> PictureField:
    """Assemble the field of one picture.

    Args:
        logits: What the network says at points `n 3` in picture coordinates.
        colors: Its colours there, or None.
        camera: Of the picture, its world being the frame `view`, its image the window.
        alpha: `s s` in [0, 1], the mask.
        visible: `r r` depth w of the visible surface, or None.
        fill: Whether the field is cut to the outline and filled to it; else it is what the network says.

    Raises:
        ValueError: a camera that cannot be that of a picture.
    """
    frame = PictureFrame.around_origin(camera)
    outline = outline_distance(alpha)
    rays = sample_rays(logits, outline, frame.box, visible)
    surest = float(rays.logits.max()) if len(rays.cells) else FAINTEST
    warnings = (WARNING,) if FAINTEST < surest <= 0.0 else ()
    if not surest > FAINTEST:  # nothing is seen: the mesher says so
        return PictureField(ImplicitField(logits, frame.box, frame, colors), 0.0 if fill else None, ())
    level = None if fill else fallback_level(surest)
    network = logits
    if level is not None:
        network = _lowered(logits, level)
        rays = replace(rays, logits=rays.logits - np.float32(level), least=rays.least - np.float32(level))
    added = make_fill(rays, outline, visible) if fill else None
    steepness = _steepness(rays)
    solid = _Solid(network, WindowMaps(outline[..., None]), added, steepness) if added is not None else None
    box = _tight_box(frame.box, rays, outline, added)
    # It stays where the camera puts it. Centring it by its own bounds is much worse: one spike decides them.
    field = ImplicitField(network if solid is None else solid, box, frame, colors)
    return PictureField(field, None if added is None else added.share, warnings)


@dataclass(frozen=True, eq=False)
class _Solid:
    """The assembled field as a function; see the head of this file."""

    network: Logits
    outline: WindowMaps
    fill: Fill
    steepness: float

    def __call__(self, points: Points) -> npt.NDArray[np.float32]:
        to_outline = self.outline(points)[:, 0]
        result = np.float32(self.steepness) * to_outline
        near = np.flatnonzero(to_outline > -_OUTSIDE)
        if len(near):
            chosen = points[near]
            added = np.float32(self.steepness) * self.fill.distance(chosen, to_outline[near])
            result[near] = np.minimum(np.maximum(self.network(chosen), added), result[near])
        return np.asarray(result, np.float32)


def _lowered(logits: Logits, level: float) -> Logits:
    return lambda points: np.asarray(logits(points) - np.float32(level), np.float32)


def _steepness(rays: RaySamples) -> float:
    """Logits per window across the network's own surface along the rays, the median."""
    inside = rays.logits > 0.0
    crossed = inside[:, 1:] != inside[:, :-1]
    if not crossed.any():
        return _STEEPNESS
    rise = np.abs(np.diff(rays.logits, axis=1))[crossed]
    step = float(rays.depths[1] - rays.depths[0])
    return float(np.clip(np.median(rise) / step, _FLATTEST, _STEEPEST))


def _tight_box(whole: Box, rays: RaySamples, outline: Map, fill: Fill | None) -> Box:
    """The part of the box that can hold something: the bounds of the outline, and along w of samples and fill."""
    low, high = possible_range(rays.depths, rays.logits.max(axis=0))
    if fill is None:
        return Box((-0.5, -0.5, low), (0.5, 0.5, high))
    margin = _OUTSIDE / 2.0
    first, last = fill.range(outline)
    low, high = min(low, first - margin), max(high, last + margin)
    inside = outline > -margin
    side = len(outline)
    columns, rows = np.flatnonzero(inside.any(axis=0)), np.flatnonzero(inside.any(axis=1))
    lower = (columns[0] / side - 0.5, 0.5 - (rows[-1] + 1) / side, max(low, whole.minimum[2]))
    upper = ((columns[-1] + 1) / side - 0.5, 0.5 - rows[0] / side, min(high, whole.maximum[2]))
    return Box(lower, upper)
