"""Checks shared by the value types: convert once, validate once, freeze."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt


def frozen(
    name: str,
    value: npt.ArrayLike,
    dtype: npt.DTypeLike,
    shape: tuple[int | None, ...],
    *,
    finite: bool = True,
) -> npt.NDArray[Any]:
    """Convert `value` to a read-only contiguous array of `dtype`, and check its shape.

    Args:
        name: How messages call it.
        value: What is converted.
        dtype: Type of the result.
        shape: Length of every axis; None matches any.
        finite: Whether infinite numbers and NaN are refused.

    Raises:
        ValueError: wrong shape, or non-finite numbers where `finite` is asked for.
    """
    array = np.array(value, dtype=dtype, order="C", copy=None)
    if array.ndim != len(shape) or any(
        want is not None and want != have for want, have in zip(shape, array.shape, strict=True)
    ):
        wanted = " ".join("n" if want is None else str(want) for want in shape)
        raise ValueError(f"{name} must have shape ({wanted}), got {array.shape}")
    if finite and array.dtype.kind == "f" and not np.isfinite(array).all():
        raise ValueError(f"{name} holds values that are not finite")
    if array.flags.writeable:
        array = array.view()
        array.setflags(write=False)
    return array
