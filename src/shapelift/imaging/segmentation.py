"""What in the picture is the object.

In this order: a mask that the user gives, the alpha channel of a cut-out, a plain background that is keyed out, and for
everything else GrabCut (Rother, Kolmogorov, Blake 2004; OpenCV's implementation). What is doubtful about it is said.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from shapelift.errors import Doubt, InputError
from shapelift.imaging.backdrops import border_band, key_out
from shapelift.imaging.doubts import doubts_about
from shapelift.imaging.parts import OPAQUE, WORKING_SIDE_PX, chosen_part, shrunk_to, without_specks
from shapelift.imaging.transparency import is_cut_out, opacity_of

GRABCUT_SIDE_PX = 256
"""Longest side of the copy that GrabCut works on: larger is slower and on gradients worse."""

_MOST_CUTS_AT_BORDER = 8
"""What meets the border of the picture more often than this is no object but a pattern: the joints of a brick wall."""
_SPECK_SHARE = {"alpha": 0.002, "mask": 0.002, "plain background": 0.01, "grabcut": 0.1}

_Mixtures = tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]
"""GrabCut's mixtures of five Gaussians, `1 65` each: colours of the background and of the object."""

MaskSource = Literal["alpha", "mask", "plain background", "grabcut"]


@dataclass(frozen=True, eq=False)
class ObjectMask:
    """The object in a picture.

    Attributes:
        coverage: `h w` uint8, 255 where the pixel is all object.
        source: What said so.
        warnings: What is doubtful about it; empty when the answer is certain.
    """

    coverage: npt.NDArray[np.uint8]
    source: MaskSource
    warnings: tuple[Doubt, ...] = ()


def object_mask(
    rgba: npt.NDArray[np.uint8],
    mask: npt.NDArray[np.uint8] | None = None,
    *,
    number: int | None = None,
    name: str = "image",
    mask_name: str = "mask",
) -> ObjectMask:
    """Find the object in `rgba`.

    Args:
        rgba: `h w 4` uint8, straight alpha.
        mask: `h w` uint8 coverage from the user; transparent pixels stay outside of it.
        number: Of several objects the one to take, 1 for the largest; all of them by default.
        name: How messages call the image.
        mask_name: How messages call the mask.

    Returns:
        The mask, with specks far smaller than the object removed.

    Raises:
        InputError: a transparent image, an empty mask, a mask of another size, no object to be found, or fewer of them.
    """
    height, width = rgba.shape[:2]
    if mask is not None and mask.shape != (height, width):
        raise InputError(
            f"{mask_name}: the mask is {mask.shape[1]}x{mask.shape[0]} pixels but {name} is {width}x{height}; "
            "make them the same size"
        )
    if mask is not None and mask.max(initial=0) < OPAQUE:
        raise InputError(f"{mask_name}: the mask is empty; paint the object white on black")
    opacity, doubts = opacity_of(rgba, name)
    coverage, source, more = _found(rgba, mask, opacity, name, mask_name)
    if number is not None:
        coverage = chosen_part(coverage, number, name)
    more += doubts_about(coverage, name, mask_name if source == "mask" else name, chosen=number is not None)
    return ObjectMask(coverage, source, (*doubts, *more))


_Found = tuple[npt.NDArray[np.uint8], MaskSource, tuple[Doubt, ...]]


def _found(
    rgba: npt.NDArray[np.uint8],
    mask: npt.NDArray[np.uint8] | None,
    opacity: npt.NDArray[np.uint8],
    name: str,
    mask_name: str,
) -> _Found:
    if mask is not None:
        # An image with holes of its own cannot show an object there, whatever the mask says.
        both = np.minimum(mask, opacity)
        if both.max() < OPAQUE:
            raise InputError(f"{mask_name}: the mask covers only transparent pixels of {name}; mark the object")
        return without_specks(both, _SPECK_SHARE["mask"]), "mask", ()
    if is_cut_out(opacity):
        return without_specks(opacity, _SPECK_SHARE["alpha"]), "alpha", ()
    rgb = np.ascontiguousarray(rgba[..., :3])
    clear = opacity < OPAQUE
    if not clear.any():
        return _from_colours(rgb, name)
    # Round corners or a hole: what lies there has any colour, and none of the object. Give it that of the border.
    border = ~clear & border_band(*clear.shape)
    rgb[clear] = np.median(rgb[border if border.any() else ~clear], axis=0)
    coverage, source, doubts = _from_colours(rgb, name)
    line = f"{name}: is transparent in so few places that it is no cut-out; the object was looked for by its colours"
    return np.minimum(coverage, opacity), source, (Doubt("transparency-ignored", line), *doubts)


def with_mask(rgba: npt.NDArray[np.uint8], found: ObjectMask) -> npt.NDArray[np.uint8]:
    """The picture `h w 4` with the mask as its alpha channel."""
    result = rgba.copy()
    result[..., 3] = found.coverage
    return result


def fitted_mask(mask: npt.NDArray[np.uint8], shape: tuple[int, ...]) -> npt.NDArray[np.uint8]:
    """A mask `h w` of a picture that was shrunk to `shape` while it was read; as it is where its sides are others."""
    height, width = shape[:2]
    if mask.shape == (height, width) or abs(mask.shape[0] * width - mask.shape[1] * height) > 4 * max(height, width):
        return mask
    import cv2

    return np.asarray(cv2.resize(mask, (width, height), interpolation=cv2.INTER_AREA), np.uint8)


def _from_colours(rgb: npt.NDArray[np.uint8], name: str) -> _Found:
    small = shrunk_to(rgb, WORKING_SIDE_PX)
    keyed = key_out(small)
    if keyed is not None:
        if keyed.coverage.max() < OPAQUE or _tiny(keyed.coverage):
            raise InputError(f"{name}: shows nothing but a plain background; give an image with an object in it")
        coverage = without_specks(keyed.coverage, _SPECK_SHARE["plain background"])
        if _cuts_at_border(coverage) <= _MOST_CUTS_AT_BORDER:
            line = (
                f"{name}: the object hardly differs from its plain background, so parts of it may be missing; "
                "give a `mask`, or take the picture before another colour"
            )
            doubts = (Doubt("low-contrast", line),) if keyed.faint else ()
            return _grown(coverage, rgb.shape), "plain background", doubts
    cut = without_specks(_grabcut(shrunk_to(rgb, GRABCUT_SIDE_PX)), _SPECK_SHARE["grabcut"])
    if cut.max(initial=0) < OPAQUE or _tiny(cut):
        raise InputError(f"{name}: the object cannot be told from the background; give a `mask` or a transparent PNG")
    line = f"{name}: the background is not plain, so the object was cut out by guess; give a `mask` if it looks wrong"
    return _grown(cut, rgb.shape), "grabcut", (Doubt("cut-out-by-guess", line),)


def _grabcut(rgb: npt.NDArray[np.uint8], border: float = 0.06) -> npt.NDArray[np.uint8]:
    """Coverage `h w` by GrabCut: a `border` is background, except where an object turns out to run into it."""
    import cv2

    height, width = rgb.shape[:2]
    inset = max(1, round(border * min(height, width)))
    inside = np.zeros((height, width), np.bool_)
    inside[inset : height - inset, inset : width - inset] = True
    labels = np.full((height, width), cv2.GC_BGD, np.uint8)
    labels[inside] = cv2.GC_PR_FGD
    smooth = np.asarray(cv2.medianBlur(np.ascontiguousarray(rgb), 3), np.uint8)
    known, few = _surroundings(smooth, ~inside)
    if not few:
        sure, mixtures = _cut(rgb, labels)
        if sure.mean() >= 0.02 * 255:
            return _run_on(rgb, sure, mixtures, inside, inset)
    # A pattern of a few colours, or noise: their patches inside would be taken for the object.
    labels[inside & known] = cv2.GC_PR_BGD
    sure, mixtures = _cut(smooth, labels)
    return _run_on(smooth, sure, mixtures, inside, inset)


def _cut(
    rgb: npt.NDArray[np.uint8], labels: npt.NDArray[np.uint8], mixtures: _Mixtures | None = None
) -> tuple[npt.NDArray[np.uint8], _Mixtures]:
    """Coverage `h w` and the colours of background and object: learned from `labels`, or `mixtures` learned further."""
    import cv2

    cv2.setRNGSeed(0)  # its colour models start from k-means: the same picture must give the same mask
    rounds, mode = (5, cv2.GC_INIT_WITH_MASK) if mixtures is None else (3, cv2.GC_EVAL)
    mixtures = mixtures or (np.zeros((1, 65)), np.zeros((1, 65)))
    labels = labels.copy()
    try:
        cv2.grabCut(np.ascontiguousarray(rgb[..., ::-1]), labels, None, *mixtures, rounds, mode)
    except cv2.error:  # a picture with fewer colours than the mixtures need
        return np.zeros_like(labels), mixtures
    sure = np.isin(labels, (cv2.GC_FGD, cv2.GC_PR_FGD)).astype(np.uint8) * 255
    # Opening drops the hairs that the cut leaves along strong edges of the background.
    opened = np.asarray(cv2.morphologyEx(sure, cv2.MORPH_OPEN, np.ones((3, 3), np.uint8)), np.uint8)
    return _filled(opened), mixtures


def _run_on(
    rgb: npt.NDArray[np.uint8],
    sure: npt.NDArray[np.uint8],
    mixtures: _Mixtures,
    inside: npt.NDArray[np.bool_],
    inset: int,
) -> npt.NDArray[np.uint8]:
    """Decide again where the object `sure` ends near the border, which is `inset` wide; all else stays."""
    import cv2

    disc = np.asarray(cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (4 * inset + 1, 4 * inset + 1)), np.uint8)
    nearby = np.ones((2 * (inset // 2) + 3,) * 2, np.uint8)
    outer = 1 - cv2.erode(inside.astype(np.uint8), nearby)
    for _ in range(2):  # a round object runs along the border: it meets more of it the second time
        zone = cv2.dilate(sure * outer, disc) > 0
        if not zone.any():
            break
        decided = np.where(sure > 0, cv2.GC_FGD, cv2.GC_BGD)
        open_ = np.where(sure > 0, cv2.GC_PR_FGD, cv2.GC_PR_BGD)
        sure, mixtures = _cut(rgb, np.where(zone, open_, decided).astype(np.uint8), mixtures)
    return sure


def _surroundings(
    rgb: npt.NDArray[np.uint8], border: npt.NDArray[np.bool_], share: float = 0.9
) -> tuple[npt.NDArray[np.bool_], bool]:
    """Pixels `h w` that wear the colours of `share` of the border, and whether these are but a few colours."""
    import cv2

    bins = 16
    lab = np.asarray(cv2.cvtColor(rgb, cv2.COLOR_RGB2LAB), np.int64) * bins // 256
    index = (lab[..., 0] * bins + lab[..., 1]) * bins + lab[..., 2]
    counts = np.bincount(index[border], minlength=bins**3)
    order = np.argsort(-counts)
    needed = int(np.searchsorted(np.cumsum(counts[order]), share * counts.sum())) + 1
    common = np.zeros(bins**3, np.bool_)
    common[order[:needed]] = True
    return np.asarray(common[index]), needed <= 6


def _filled(coverage: npt.NDArray[np.uint8], share: float = 0.005) -> npt.NDArray[np.uint8]:
    """Close holes smaller than `share` of the object: glints and dark spots, not gaps that a shape has."""
    import cv2

    _, labels, stats, _ = cv2.connectedComponentsWithStats((coverage < OPAQUE).astype(np.uint8), connectivity=4)
    small = stats[:, cv2.CC_STAT_AREA] < share * int((coverage >= OPAQUE).sum())
    small[0] = False
    return np.where(small[labels], 255, coverage).astype(np.uint8)


def _cuts_at_border(coverage: npt.NDArray[np.uint8]) -> int:
    """How many times the object meets the border of the picture, going round it once."""
    top, right, bottom, left = coverage[0], coverage[1:, -1], coverage[-1, -2::-1], coverage[-2:0:-1, 0]
    solid = np.concatenate([top, right, bottom, left]) >= OPAQUE
    return int((solid & ~np.roll(solid, 1)).sum())


def _tiny(coverage: npt.NDArray[np.uint8]) -> bool:
    return int((coverage >= OPAQUE).sum()) < max(16, coverage.size // 20_000)


def _grown(coverage: npt.NDArray[np.uint8], shape: tuple[int, ...]) -> npt.NDArray[np.uint8]:
    import cv2

    if coverage.shape == shape[:2]:
        return coverage
    return np.asarray(cv2.resize(coverage, (shape[1], shape[0]), interpolation=cv2.INTER_CUBIC), np.uint8)
