"""What may be wrong with a mask, whoever made it."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from shapelift.errors import Doubt
from shapelift.imaging.parts import OPAQUE, similar_parts

_SMALL = 0.02
"""An object that fills less than this share of the picture is small."""

_MOST_OF_BORDER = 0.5
"""A mask that covers more than this share of the border is doubtful."""

_ALL_OF_BORDER = 0.95
"""One that covers so much of the border, and leaves something out inside, is taken to be the wrong way round."""

_HOLE = 0.005
_CONTACT = 0.01


def doubts_about(
    coverage: npt.NDArray[np.uint8], name: str, mask_name: str, *, chosen: bool = False
) -> tuple[Doubt, ...]:
    """Lines for the user about the coverage `h w` of an object.

    Args:
        coverage: 255 where the object is.
        name: What messages call the image.
        mask_name: What they call the mask; where it is no file of its own, the image.
        chosen: Whether it is one object of several, by choice.
    """
    solid = coverage >= OPAQUE
    sides = {"top": solid[0], "bottom": solid[-1], "left": solid[:, 0], "right": solid[:, -1]}
    around = np.concatenate(list(sides.values())).mean()
    if solid.all():
        line = f"{mask_name}: the mask covers the whole picture; paint everything but the object black"
        return (Doubt("mask-covers-picture", line),)
    if around >= _ALL_OF_BORDER and (~solid).mean() >= _HOLE:
        line = (
            f"{mask_name}: the mask seems to be the wrong way round, it has the border of the picture and leaves "
            "out its middle; paint the object white and the background black"
        )
        return (Doubt("mask-inverted", line),)
    if around > _MOST_OF_BORDER:
        line = (
            f"{mask_name}: the mask covers {around:.0%} of the picture's border; check that the object is white in it "
            "and the background black, and that the picture shows the whole object"
        )
        return (Doubt("mask-covers-border", line),)
    found = []
    met = [side for side, pixels in sides.items() if pixels.sum() >= max(2, _CONTACT * len(pixels))]
    if met and len(met) < len(sides):  # what meets all four was trimmed to the object
        line = (
            f"{name}: the object meets the border of the picture ({', '.join(met)}), so a part of it may be missing; "
            "give a picture that shows all of it"
        )
        found.append(Doubt("object-meets-border", line))
    parts = 1 if chosen else similar_parts(coverage)
    if parts > 1:
        line = (
            f"{name}: shows {parts} parts of about the same size, which become one shape; choose one of them "
            f"with `object_number` 1 to {parts}, the largest first"
        )
        found.append(Doubt("several-objects", line))
    share = float(solid.mean())
    if share < _SMALL:
        line = f"{name}: the object fills only {share:.1%} of the picture; go nearer, so that more of it can be seen"
        found.append(Doubt("object-small", line))
    return tuple(found)
