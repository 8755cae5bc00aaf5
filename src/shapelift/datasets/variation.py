"""Random changes of a whole batch of images at once, on the device that holds them.

The twin of `Augmentation.vary`, as tensors. Colours are premultiplied by alpha throughout, as composites need them.
A part with probability p happens to so many of the images of a batch, chosen at random: sizes are then known before
anything is computed, and the host waits for nothing.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn import functional

from shapelift.datasets.augmentation import NO_AUGMENTATION, Augmentation
from shapelift.imaging.preprocess import Preprocess
from shapelift.ops.jpeg import jpeg

_LUMINANCE = (0.299, 0.587, 0.114)
_CHUNK = 8
"""Images that a processor works on at a time, so that they stay in its cache."""
_BANK = 1 << 20
"""Random numbers from which the noise of an image is a stretch."""
_SLIGHT = 0.9
"""Largest deviation of a slight blur [px]."""


class Variation:
    """Packed images -> inputs of the model, varied at random.

    Args:
        augmentation: How strongly; `NO_AUGMENTATION` for not at all.
        preprocess: How images become inputs.
        device: Where the images are.
    """

    def __init__(self, augmentation: Augmentation, preprocess: Preprocess, device: torch.device) -> None:
        self.augmentation, self.preprocess, self.device = augmentation, preprocess, device
        size = preprocess.image_size_px
        centers = (torch.arange(size, device=device) + 0.5) / size
        self._centers = centers
        bank = torch.randn(_BANK + 3 * size * size, generator=torch.Generator().manual_seed(0))
        self._stretches = bank.to(device).unfold(0, 3 * size * size, 1)
        self._luminance = torch.tensor(_LUMINANCE, device=device).expand(3, 3)

    def __call__(self, images: Tensor, generator: torch.Generator) -> tuple[Tensor, Tensor, Tensor]:
        """Vary images `b 4 s s` uint8, straight alpha.

        Returns:
            The input of the model `b c s s` float32; which images are mirrored, `b` bool; and `b 3 3`, pixels of the
            input to those of the (mirrored) image.
        """
        draw = _Draw(len(images), generator, self.device)
        mirrored = draw.uniform() < self.augmentation.mirror
        if self.augmentation == NO_AUGMENTATION:
            unmoved = torch.eye(3, device=self.device).expand(len(images), 3, 3)
            return self._composite(_premultiplied(images)), mirrored, unmoved
        window, cuts = self._windows(images, mirrored, draw)
        changes = self._changes(draw)
        step = len(images) if self.device.type != "cpu" else _CHUNK
        size = self.preprocess.image_size_px
        shape = (len(images), len(self.preprocess.channels), size, size)
        varied = torch.empty(shape, device=self.device, memory_format=torch.channels_last)
        for first in range(0, len(images), step):
            part = slice(first, first + step)
            seen = self._seen(_premultiplied(images[part]), window[part], mirrored[part])
            if self.augmentation.cut:
                seen = self._cut(seen, window[part], cuts[part])
            varied[part] = self._varied(seen, {name: value[part] for name, value in changes.items()})
        scale = torch.tensor([size, size, 1.0], device=self.device)
        # Windows are drawn in shares of the side; what is handed over is in pixels.
        return varied, mirrored, scale[:, None] * window / scale

    # -- where things are -------------------------------------------------------------------------------------------

    def _windows(self, images: Tensor, mirrored: Tensor, draw: _Draw) -> tuple[Tensor, Tensor]:
        """Windows `b 3 3`, shares of the input's side to those of the image's, and what the border cuts off, `b 4`.

        A cut is the part of the image (low x, low y, high x, high y) beyond which nothing is seen.
        """
        say = self.augmentation
        side = 1.0 + draw.signed(say.zoom)
        x, y = (0.5 + draw.signed(say.shift) for _ in range(2))
        cuts = torch.tensor([-9.0, -9.0, 9.0, 9.0], device=self.device).repeat(len(images), 1)
        cutting = draw.some(say.cut)
        if len(cutting):
            low, high = _boxes(images[cutting, 3], mirrored[cutting])
            # From the left, the right or below: heads are rarely cut off.
            amount = 0.05 + 0.25 * draw.uniform(len(cutting))
            edge = draw.integers(3, len(cutting))
            extent = high - low
            low_x = torch.where(edge == 0, low[:, 0] + amount * extent[:, 0], low[:, 0])
            high_x = torch.where(edge == 1, high[:, 0] - amount * extent[:, 0], high[:, 0])
            high_y = torch.where(edge == 2, high[:, 1] - amount * extent[:, 1], high[:, 1])
            cuts[cutting] = torch.stack([low_x, low[:, 1], high_x, high_y], dim=1)
            # The window is then laid around what is left, as it will be for a photograph.
            left = torch.maximum(high_x - low_x, high_y - low[:, 1]) / (1.0 - 2.0 * self.preprocess.margin)
            side = side.index_put((cutting,), left.clamp_min(0.2) * side[cutting])
            x = x.index_put((cutting,), (low_x + high_x) / 2.0 + (x[cutting] - 0.5) * left)
            y = y.index_put((cutting,), (low[:, 1] + high_y) / 2.0 + (y[cutting] - 0.5) * left)
        roll = math.radians(say.roll_deg) * draw.signed(1.0) ** 3
        cosine, sine = side * roll.cos(), side * roll.sin()
        zero, one = torch.zeros_like(side), torch.ones_like(side)
        rows = [
            torch.stack([cosine, -sine, x - (cosine - sine) / 2.0], dim=1),
            torch.stack([sine, cosine, y - (sine + cosine) / 2.0], dim=1),
            torch.stack([zero, zero, one], dim=1),
        ]
        return torch.stack(rows, dim=1), cuts

    def _seen(self, images: Tensor, window: Tensor, mirrored: Tensor) -> Tensor:
        """Images `b 4 s s` through windows, transparent outside of the image."""
        flip = torch.ones_like(window[:, :2, 0])
        flip[:, 0] -= 2.0 * mirrored
        # From shares of the side to the coordinates of `grid_sample`, from -1 to 1.
        matrix = window[:, :2] * (2.0 * flip[:, :, None])
        matrix[:, :, 2] -= flip
        grid = self._places(matrix)
        return functional.grid_sample(images, grid, mode="bilinear", padding_mode="zeros", align_corners=False)

    def _cut(self, images: Tensor, window: Tensor, cuts: Tensor) -> Tensor:
        """Images transparent where their windows look beyond cuts."""

        def within(image: Tensor, matrix: Tensor, box: Tensor) -> Tensor:
            places = self._places(matrix[:, :2])
            inside = (places >= box[:, None, None, :2]) & (places <= box[:, None, None, 2:])
            return image * inside.all(dim=-1)[:, None]

        return _changed(images, cuts[:, 0] > -1.0, within, window, cuts)

    def _places(self, matrix: Tensor) -> Tensor:
        """Where affine `b 2 3` take the pixel centres, given as shares of the side: `b s s 2`."""
        across = self._centers[:, None] * matrix[:, None, :, 0]
        down = self._centers[:, None] * matrix[:, None, :, 1] + matrix[:, None, :, 2]
        return across[:, None] + down[:, :, None]

    # -- what they look like ----------------------------------------------------------------------------------------

    def _changes(self, draw: _Draw) -> dict[str, Tensor]:
        """What happens to each image, drawn for the whole batch."""
        say = self.augmentation
        gain = (1.0 + draw.signed(say.gain))[:, None] * (1.0 + draw.signed(say.gain / 2.0, 3))
        balance = draw.signed(say.balance)
        gain = gain * torch.stack([1.0 + balance, torch.ones_like(balance), 1.0 - balance], dim=1)
        grey = draw.marks(say.grey)[:, None, None]
        mixed = grey * self._luminance + (1.0 - grey) * torch.eye(3, device=self.device)
        turn = draw.uniform() * (2.0 * math.pi)
        fall = draw.uniform() * say.uneven
        found = {
            "grow": draw.marks(say.mask) * torch.where(draw.uniform() < 0.5, -1.0, 1.0),
            "sigma": draw.marks(say.blur) * (0.3 + (_SLIGHT - 0.3) * draw.uniform()),
            "color": gain[:, :, None] * mixed,
            "fall": torch.stack([turn.cos(), turn.sin()], dim=1) * fall[:, None],
            "stretch": draw.integers(_BANK),
            "noise": draw.uniform() * say.noise,
        }
        if say.defocus:
            found["sigma"] = torch.maximum(found["sigma"], draw.marks(say.defocus) * (1.0 + draw.uniform()))
        if say.bites:
            found["bite"] = torch.stack([*draw.uniform_rows(2), 0.02 + 0.06 * draw.uniform()], 1)
            found["bitten"] = draw.marks(say.bites)
        if say.jpeg:
            found["quality"], found["paper"] = (
                draw.marks(say.jpeg) * (30.0 + 60.0 * draw.uniform()),
                draw.uniform(len(grey), 3),
            )
        if say.halo:
            found["halo"], found["halo_color"] = draw.marks(say.halo), draw.uniform(len(grey), 3)
        if say.table:
            found["foot"] = torch.stack(
                [0.3 + 0.4 * draw.uniform(), 0.08 + 0.3 * draw.uniform(), 0.01 + 0.03 * draw.uniform()], dim=1
            )
            found["footed"], found["foot_color"] = draw.marks(say.table), draw.uniform(len(grey), 3)
        return found

    def _varied(self, image: Tensor, changes: dict[str, Tensor]) -> Tensor:
        image = self._miscut(image, changes)
        if self.augmentation.mask:
            image = _changed(image, changes["grow"] != 0.0, _regrown, changes["grow"])
        if self.augmentation.blur:
            sigma = changes["sigma"]
            image = _changed(image, (sigma > 0.0) & (sigma <= _SLIGHT), _slightly_blurred, sigma)
        if self.augmentation.defocus:
            image = _changed(image, changes["sigma"] > _SLIGHT, _blurred, changes["sigma"])
        alpha = image[:, 3:]
        color = torch.bmm(changes["color"], image[:, :3].flatten(2)).reshape_as(image[:, :3])
        if self.augmentation.uneven:
            slope = changes["fall"][:, :, None] * (self._centers * 2.0 - 1.0)
            light = 1.0 + slope[:, 0, None, :] + slope[:, 1, :, None]
            color *= light[:, None]
        if self.augmentation.noise:
            noise = self._stretches[changes["stretch"]].reshape_as(color)
            color.addcmul_(noise.mul_(changes["noise"][:, None, None, None]), alpha)
        torch.minimum(color.clamp_min_(0.0), alpha, out=image[:, :3])
        if "quality" in changes:
            image = _changed(image, changes["quality"] > 0.0, _compressed, changes["quality"], changes["paper"])
        return self._composite(image)

    def _miscut(self, image: Tensor, changes: dict[str, Tensor]) -> Tensor:
        """Masks as people and programs cut them: too little, or too much with what is there."""
        if "foot" in changes:
            image = _changed(image, changes["footed"] > 0.0, self._footed, changes["foot"], changes["foot_color"])
        if "halo" in changes:
            image = _changed(image, changes["halo"] > 0.0, _haloed, changes["halo_color"])
        if "bite" in changes:
            image = _changed(image, changes["bitten"] > 0.0, self._bitten, changes["bite"])
        return image

    def _footed(self, image: Tensor, foot: Tensor, color: Tensor) -> Tensor:
        """A flat piece of the ground around the lowest part of the object."""
        x, wide, high = foot[:, :, None, None].unbind(1)
        lowest = ((image[:, 3].amax(dim=2) > 0.5) * self._centers).amax(dim=1)[:, None, None]
        away = ((self._centers - x) / wide).square() + ((self._centers[:, None] - lowest) / high).square()
        return _behind(image, ((1.0 - away) * 8.0).clamp(0.0, 1.0)[:, None], color)

    def _bitten(self, image: Tensor, bite: Tensor) -> Tensor:
        """A disk of the object is missing."""
        x, y, radius = bite[:, :, None, None].unbind(1)
        away = ((self._centers - x).square() + (self._centers[:, None] - y).square()).sqrt()
        kept = 1.0 - ((radius - away) * self.preprocess.image_size_px + 0.5).clamp(0.0, 1.0)
        return image * kept[:, None]

    def _composite(self, image: Tensor) -> Tensor:
        """Premultiplied colour and alpha `b 4 s s` -> input of the model, changed in place."""
        color, alpha = image[:, :3], image[:, 3:]
        color.add_(1.0 - alpha, alpha=self.preprocess.background)
        return image if self.preprocess.channels == "rgba" else color


class _Draw:
    """Random numbers for the items of a batch."""

    def __init__(self, size: int, generator: torch.Generator, device: torch.device) -> None:
        self._size, self._generator, self._device = size, generator, device

    def uniform(self, *shape: int) -> Tensor:
        """In [0, 1), one per item or of another shape."""
        return torch.rand(shape or (self._size,), generator=self._generator, device=self._device)

    def uniform_rows(self, rows: int) -> Tensor:
        """In [0, 1), `rows b`."""
        return self.uniform(rows, self._size)

    def signed(self, most: float, *more: int) -> Tensor:
        """In [-most, most), one or so many per item."""
        return (2.0 * self.uniform(self._size, *more) - 1.0) * most

    def integers(self, high: int, *shape: int) -> Tensor:
        """In [0, high), one per item or of another shape."""
        return torch.randint(high, shape or (self._size,), generator=self._generator, device=self._device)

    def some(self, share: float) -> Tensor:
        """Indices of so many items of the batch, chosen at random."""
        count = round(share * self._size)
        if not count:
            return torch.empty(0, dtype=torch.long, device=self._device)
        return torch.randperm(self._size, generator=self._generator, device=self._device)[:count]

    def marks(self, share: float) -> Tensor:
        """1 for so many items of the batch, chosen at random, else 0."""
        return torch.zeros(self._size, device=self._device).index_fill(0, self.some(share), 1.0)


def _premultiplied(images: Tensor) -> Tensor:
    """Images uint8 -> float32 in [0, 1], colours times alpha."""
    values = images.float().mul_(1.0 / 255.0)
    values[:, :3] *= values[:, 3:]
    return values


def _boxes(alpha: Tensor, mirrored: Tensor) -> tuple[Tensor, Tensor]:
    """Low and high corner `b 2` of what is solid in `b s s` uint8, as shares of the side; of the mirror image if so."""
    size = alpha.shape[-1]
    solid = alpha >= 128
    corners = []
    for axis in (1, 2):
        used = solid.any(dim=axis).float()
        low = used.argmax(dim=1) / size
        high = 1.0 - used.flip(1).argmax(dim=1) / size
        corners.append((low, high))
    (low_x, high_x), (low_y, high_y) = corners
    low_x, high_x = torch.where(mirrored, 1.0 - high_x, low_x), torch.where(mirrored, 1.0 - low_x, high_x)
    return torch.stack([low_x, low_y], dim=1), torch.stack([high_x, high_y], dim=1)


def _changed(image: Tensor, marked: Tensor, change: Callable[..., Tensor], *values: Tensor) -> Tensor:
    """Images `b ...` changed where `marked`, `b` bool: `change` is called with images and per-item values.

    A processor leaves the others out; a GPU works on all of them, because to ask which they are would make it wait.
    """
    if image.device.type == "cpu":
        index = marked.nonzero()[:, 0]
        if len(index):
            image[index] = change(image[index], *(value[index] for value in values))
        return image
    return torch.where(marked.reshape(-1, *[1] * (image.dim() - 1)), change(image, *values), image)


def _regrown(image: Tensor, grow: Tensor) -> Tensor:
    """Masks grown (1) or shrunk (-1) by a pixel."""
    sign = grow[:, None, None, None]
    alpha = sign * functional.max_pool2d(sign * image[:, 3:], 3, 1, 1)
    return torch.cat([image[:, :3], alpha], dim=1)


def _haloed(image: Tensor, color: Tensor) -> Tensor:
    """Two pixels of the surroundings belong to the mask."""
    return _behind(image, functional.max_pool2d(image[:, 3:], 5, 1, 2), color)


def _behind(image: Tensor, piece: Tensor, color: Tensor) -> Tensor:
    """What an image becomes with a piece of one colour, of coverage `b 1 s s`, behind it."""
    more = (piece - image[:, 3:]).clamp_min(0.0)
    return image + more * functional.pad(color, (0, 1), value=1.0)[:, :, None, None]


def _compressed(image: Tensor, quality: Tensor, paper: Tensor) -> Tensor:
    """What JPEG leaves of an object that stood before paper of one colour, `b 3`."""
    alpha = image[:, 3:]
    scene = image[:, :3] + (1.0 - alpha) * paper[:, :, None, None]
    return torch.cat([jpeg(scene, quality.clamp_min(1.0)) * alpha, alpha], dim=1)


def _slightly_blurred(image: Tensor, sigma: Tensor) -> Tensor:
    return _blurred(image, sigma, 2)


def _blurred(image: Tensor, sigma: Tensor, reach: int = 5) -> Tensor:
    """Images `b c s s` blurred by Gaussians of `b` deviations [px], cut off at so many pixels."""
    offsets = torch.arange(reach + 1, device=image.device)
    kernel = (-0.5 * (offsets / sigma.clamp_min(0.05)[:, None]).square()).exp()
    kernel /= kernel[:, :1] + 2.0 * kernel[:, 1:].sum(dim=1, keepdim=True)
    weights = kernel[:, :, None, None, None].unbind(1)
    size = image.shape[-1]
    for axis, border in ((3, (reach, reach)), (2, (0, 0, reach, reach))):
        padded = functional.pad(image, border)
        image = image * weights[0]
        for offset in range(1, reach + 1):
            both = padded.narrow(axis, reach - offset, size) + padded.narrow(axis, reach + offset, size)
            image.addcmul_(both, weights[offset])
    return image
