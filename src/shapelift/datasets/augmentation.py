"""Random changes to a model's input image that leave the shape as it is."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt


@dataclass(frozen=True)
class Augmentation:
    """How strongly images are varied; every part is off at 0.

    Attributes:
        mirror: Probability that image and shape are mirrored left to right.
        shift: Largest shift of the window, as a share of its side, uniform in both axes.
        zoom: Largest change of the window's side, as a share, uniform.
        gain: Largest change of brightness and of each colour channel, as a share.
        blur: Probability of a slight blur (a photograph is never as crisp as a render).
        noise: Largest standard deviation of pixel noise, in [0, 1].
        mask: Probability that the mask is grown or shrunk by one pixel (masks of photographs are not exact).
        grey: Probability that the image loses its colour.
        roll_deg: Largest roll of the camera [degrees], uniform.
        white_balance: Largest shift of the balance between red and blue, as a share.
        uneven: Largest fall of the light across the image, as a share.
        defocus: Probability of a strong blur.
        bite: Probability that a round piece is missing in the mask.
        halo: Probability that the mask takes in a rim of the surroundings.
        foot: Probability that a piece of what the object stands on is taken in.
        cut: Probability that the border of the photograph cuts the object.
    """

    mirror: float = 0.5
    shift: float = 0.02
    zoom: float = 0.03
    gain: float = 0.25
    blur: float = 0.25
    noise: float = 0.03
    mask: float = 0.3
    grey: float = 0.1
    roll_deg: float = 0.0
    white_balance: float = 0.0
    uneven: float = 0.0
    defocus: float = 0.0
    bite: float = 0.0
    halo: float = 0.0
    foot: float = 0.0
    cut: float = 0.0

    def vary(self, rgba: npt.NDArray[np.uint8], rng: np.random.Generator) -> npt.NDArray[np.uint8]:
        """A varied copy of a straight-alpha image `h w 4` uint8 (all but the mirror, which the shape must follow)."""
        return self.vary_within(rgba, self.window(rgba.shape[1], rgba.shape[0], rng), rng)

    def window(self, width: int, height: int, rng: np.random.Generator) -> npt.NDArray[np.float64]:
        """A random shift and zoom: `3 3`, pixels of the varied image to pixels of the image, centres at +0.5."""
        side = 1.0 + rng.uniform(-self.zoom, self.zoom)
        dx, dy = rng.uniform(-self.shift, self.shift, 2) * (width, height)
        # Whole numbers are the centres of pixels to OpenCV, for whom the window is drawn.
        dx, dy = dx + (1 - side) * width / 2, dy + (1 - side) * height / 2
        return np.array([[side, 0.0, dx + 0.5 * (1 - side)], [0.0, side, dy + 0.5 * (1 - side)], [0.0, 0.0, 1.0]])

    def vary_within(
        self, rgba: npt.NDArray[np.uint8], window: npt.NDArray[np.float64], rng: np.random.Generator
    ) -> npt.NDArray[np.uint8]:
        """`vary` with a window that has been drawn before."""
        height, width = rgba.shape[:2]
        matrix = window[:2].copy()
        matrix[:, 2] -= 0.5 * (1 - np.diag(matrix))
        image = rgba.astype(np.float32)
        image[..., :3] *= image[..., 3:] / 255.0
        image = cv2.warpAffine(image, matrix, (width, height), flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP)
        if rng.random() < self.mask:
            kernel = np.ones((3, 3), np.uint8)
            image[..., 3] = (cv2.erode if rng.random() < 0.5 else cv2.dilate)(image[..., 3], kernel)
        if rng.random() < self.blur:
            image = cv2.GaussianBlur(image, (0, 0), rng.uniform(0.3, 0.9))
        alpha = image[..., 3:]
        color = np.divide(image[..., :3] * 255.0, alpha, out=np.zeros_like(image[..., :3]), where=alpha > 0)
        if rng.random() < self.grey:
            color = np.repeat(color @ np.array([[0.299], [0.587], [0.114]], np.float32), 3, axis=2)
        gain = (1.0 + rng.uniform(-self.gain, self.gain)) * (1.0 + rng.uniform(-self.gain, self.gain, 3) / 2)
        color = color * gain.astype(np.float32)
        if self.noise:
            sigma = np.float32(255.0 * rng.uniform(0, self.noise))
            color = color + rng.standard_normal(color.shape, dtype=np.float32) * sigma
        return np.concatenate([color, alpha], axis=2).clip(0, 255).astype(np.uint8)


NO_AUGMENTATION = Augmentation(mirror=0.0, shift=0.0, zoom=0.0, gain=0.0, blur=0.0, noise=0.0, mask=0.0, grey=0.0)
"""Leaves images as they are; validation and tests use it."""
