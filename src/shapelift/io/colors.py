"""sRGB and linear light (IEC 61966-2-1)."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt


def linear_colors(colors: npt.NDArray[np.uint8]) -> npt.NDArray[np.float64]:
    """Bytes of sRGB to linear light in [0, 1], which is what glTF wants of vertex colours."""
    return linear_light(colors.astype(np.float64) / 255.0)


def linear_light(srgb: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """SRGB to linear light, both in [0, 1]; what lies below is moved to the border."""
    value = np.maximum(srgb, 0.0)
    return np.where(value <= 0.04045, value / 12.92, ((value + 0.055) / 1.055) ** 2.4)


def srgb_light(linear: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Linear light to sRGB, both in [0, 1]; what lies beyond is moved to the border."""
    value = np.clip(linear, 0.0, 1.0)
    return np.where(value <= 0.0031308, value * 12.92, 1.055 * value ** (1.0 / 2.4) - 0.055)


def srgb_colors(linear: npt.NDArray[np.float64]) -> npt.NDArray[np.uint8]:
    """Linear light in [0, 1] to bytes of sRGB: the inverse of `linear_colors`."""
    return np.round(srgb_light(linear) * 255.0).astype(np.uint8)
