"""Random changes to a model's input image that leave the shape as it is."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from shapelift.datasets.photographs import (
    bitten,
    compressed,
    cut_off,
    defocused,
    haloed,
    laid_on,
    random_paper,
    uneven_light,
    white_balance,
    with_table,
)

Array = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Augmentation:
    """How strongly images are varied; every part is off at 0.

    The parts from `roll_deg` on are for models that shall see photographs, and are off unless asked for. Masks become
    wrong in what the model sees only: targets are those of the true shape.

    Attributes:
        mirror: Probability that image and shape are mirrored left to right.
        shift: Largest shift of the window, as a share of its side, uniform in both axes.
        zoom: Largest change of the window's side, as a share, uniform.
        gain: Largest change of brightness and of each colour channel, as a share.
        blur: Probability of a slight blur (a photograph is never as crisp as a render).
        noise: Largest standard deviation of pixel noise, in [0, 1].
        mask: Probability that the mask is grown or shrunk by one pixel (masks of photographs are not exact).
        grey: Probability that the image loses its colour.
        roll_deg: Largest turn of the window around its centre, in degrees; the cube of a uniform share of it, so most
            are small.
        cut: Probability that the window is moved so that the object is cut by its border.
        bites: Probability that pieces at its outline are missing in the mask.
        halo: Probability that the mask is too large and shows background of a random colour.
        table: Probability that a piece of what the object stands on is in the mask.
        jpeg: Probability of compression artefacts.
        balance: Largest error of the white balance, in the logarithm of red and blue, uniform.
        defocus: Probability that the picture is out of focus.
        uneven: Largest strength of uneven light, in its logarithm, uniform.
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
    cut: float = 0.0
    bites: float = 0.0
    halo: float = 0.0
    table: float = 0.0
    jpeg: float = 0.0
    balance: float = 0.0
    defocus: float = 0.0
    uneven: float = 0.0

    def vary(self, rgba: npt.NDArray[np.uint8], rng: np.random.Generator) -> npt.NDArray[np.uint8]:
        """A varied copy of a straight-alpha image `h w 4` uint8 (all but the mirror, which the shape must follow)."""
        return self.vary_within(rgba, self.window(rgba.shape[1], rgba.shape[0], rng), rng)

    def window(self, width: int, height: int, rng: np.random.Generator) -> npt.NDArray[np.float64]:
        """A random shift, zoom, cut and roll: `3 3`, pixels of the varied image to those of the image, centres at +0.5.

        A cut moves the window by up to 30 % of its side towards one of the four sides, away from the object.

        Args:
            width: Of the image [px].
            height: Likewise.
            rng: Source of randomness.
        """
        side = 1.0 + rng.uniform(-self.zoom, self.zoom)
        dx, dy = rng.uniform(-self.shift, self.shift, 2) * (width, height)
        # Whole numbers are the centres of pixels to OpenCV, for whom the window is drawn.
        dx, dy = dx + (1 - side) * width / 2, dy + (1 - side) * height / 2
        window = np.array([[side, 0.0, dx + 0.5 * (1 - side)], [0.0, side, dy + 0.5 * (1 - side)], [0.0, 0.0, 1.0]])
        if self.cut and rng.random() < self.cut:
            window = window @ _cut(width, height, rng)
        if self.roll_deg:
            window = window @ _turn(width, height, np.deg2rad(self.roll_deg * rng.uniform(-1.0, 1.0) ** 3))
        return window

    def vary_within(
        self, rgba: npt.NDArray[np.uint8], window: npt.NDArray[np.float64], rng: np.random.Generator
    ) -> npt.NDArray[np.uint8]:
        """`vary` with a window that has been drawn before.

        Args:
            rgba: `h w 4` uint8, straight alpha.
            window: `3 3`, as `window` draws it.
            rng: Source of randomness.
        """
        height, width = rgba.shape[:2]
        matrix = window[:2].copy()
        matrix[:, 2] += 0.5 * matrix[:, :2].sum(axis=1) - 0.5
        # Channels are planes wherever arithmetic is done: several times as fast as four values side by side.
        planes = np.stack(cv2.split(rgba)).astype(np.float32)
        planes[:3] *= planes[3] / 255.0
        image = cv2.merge(list(planes))
        image = cv2.warpAffine(image, matrix, (width, height), flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP)
        if self.cut and rng.random() < 0.5:
            image = cut_off(image, rng)
        if rng.random() < self.mask:
            kernel = np.ones((3, 3), np.uint8)
            image[..., 3] = (cv2.erode if rng.random() < 0.5 else cv2.dilate)(image[..., 3], kernel)
        if rng.random() < self.blur:
            image = cv2.GaussianBlur(image, (0, 0), rng.uniform(0.3, 0.9))
        if self.defocus and rng.random() < self.defocus:
            image = defocused(image, rng)
        planes = np.stack(cv2.split(image))
        color, mask = planes[:3], planes[3]
        color = np.divide(color * 255.0, mask, out=np.zeros_like(color), where=mask > 0)
        if self.uneven:
            color *= uneven_light(height, width, float(rng.uniform(0.0, self.uneven)), rng)
        color, mask = self._masked(color, mask, rng)
        if rng.random() < self.grey:
            color = np.repeat(np.tensordot(np.array([[0.299, 0.587, 0.114]], np.float32), color, 1), 3, axis=0)
        gain = (1.0 + rng.uniform(-self.gain, self.gain)) * (1.0 + rng.uniform(-self.gain, self.gain, 3) / 2)
        if self.balance:
            gain = gain * white_balance(self.balance, rng)
        color = color * gain.astype(np.float32)[:, None, None]
        if self.noise:
            sigma = np.float32(255.0 * rng.uniform(0, self.noise))
            color += rng.standard_normal(color.shape, dtype=np.float32) * sigma
        if self.jpeg and rng.random() < self.jpeg:
            color = compressed(color, mask, rng)
        return np.asarray(cv2.merge([*color, mask]).clip(0, 255), np.uint8)

    def _masked(self, color: Array, mask: Array, rng: np.random.Generator) -> tuple[Array, Array]:
        """Colours `3 h w` and mask `h w` with what is wrong about the mask."""
        found = mask
        if self.halo and rng.random() < self.halo:
            color = laid_on(color, mask, random_paper(mask.shape[0], mask.shape[1], rng))
            found = haloed(mask, rng)
        if self.table and rng.random() < self.table:
            color, found = with_table(color, found, rng)
        if self.bites and rng.random() < self.bites:
            found = bitten(found, rng)
        return color, found


def _cut(width: int, height: int, rng: np.random.Generator) -> npt.NDArray[np.float64]:
    """A window moved past the object: `3 3`, its pixels to those of the image.

    A part U[10 %, 30 %] of the side is lost at one of the four borders; zooming in by a random share of that takes the
    place of a part of the move.
    """
    lost = rng.uniform(0.1, 0.3)
    zoom = rng.uniform(0.0, lost)
    aside, along = (lost - zoom) * (-1.0 if rng.random() < 0.5 else 1.0), zoom / 2.0
    # moved by `aside` from where the far border is kept
    near = -abs(aside) if aside < 0.0 else zoom + aside
    x, y = (near, along) if rng.random() < 0.5 else (along, near)
    return np.array([[1.0 - zoom, 0.0, x * width], [0.0, 1.0 - zoom, y * height], [0.0, 0.0, 1.0]])


def _turn(width: int, height: int, angle_rad: float) -> npt.NDArray[np.float64]:
    """A turn `3 3` around the centre of an image, x towards y."""
    center = np.array([width / 2.0, height / 2.0])
    sine, cosine = np.sin(angle_rad), np.cos(angle_rad)
    matrix = np.array([[cosine, -sine, 0.0], [sine, cosine, 0.0], [0.0, 0.0, 1.0]])
    matrix[:2, 2] = center - matrix[:2, :2] @ center
    return matrix


NO_AUGMENTATION = Augmentation(mirror=0.0, shift=0.0, zoom=0.0, gain=0.0, blur=0.0, noise=0.0, mask=0.0, grey=0.0)
"""Leaves images as they are; validation and tests use it."""
