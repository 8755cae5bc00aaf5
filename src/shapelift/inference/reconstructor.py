"""A saved model as one object: image in, reconstruction out."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from shapelift.errors import Doubt, InputError
from shapelift.geometry import Camera, ImplicitField, Mesh, Representation
from shapelift.imaging.preprocess import Preprocess
from shapelift.imaging.segmentation import fitted_mask, object_mask, with_mask
from shapelift.inference.assemble import encode_images, predict
from shapelift.inference.card import ModelCard
from shapelift.inference.fallback import with_fallback_level
from shapelift.inference.hypotheses import Hypotheses
from shapelift.inference.limits import check_samples, check_seed, check_threads
from shapelift.inference.model_folder import ModelFolder, open_model
from shapelift.inference.reconstruction import Reconstruction
from shapelift.inference.self_intersections import self_intersection_warnings
from shapelift.io.images import name_of, read_image
from shapelift.io.masks import read_mask

if TYPE_CHECKING:
    from shapelift.io.images import ImageSource


_FINEST_PX = 512
"""Colours are read from a window of at most this side."""

_Points = npt.NDArray[np.float32]


class Reconstructor:
    """A model that turns the picture of an object into its shape.

    Safe to use from several threads. Make one with `Reconstructor.load`.
    """

    def __init__(self, model: ModelFolder) -> None:
        self.model = model

    @classmethod
    def load(cls, name_or_folder: str | Path = "general", *, threads: int | None = None) -> Reconstructor:
        """Open a shipped model by name, or a model folder.

        Args:
            name_or_folder: For example `"general"`, or the folder that training wrote.
            threads: CPU threads; all cores by default.

        Raises:
            InputError: unknown name, or a folder that is incomplete, altered or not understood.
        """
        check_threads(threads)
        return cls(open_model(name_or_folder, threads))

    @property
    def card(self) -> ModelCard:
        """What the model says about itself."""
        return self.model.card

    @property
    def preprocess(self) -> Preprocess:
        """How the model wants its picture."""
        return self.model.card.preprocess

    def reconstruct(
        self,
        image: ImageSource,
        mask: ImageSource | None = None,
        *,
        seed: int = 0,
        fill: bool = True,
        object_number: int | None = None,
    ) -> Reconstruction:
        """The shape of the object in a picture.

        Args:
            image: The picture, see `shapelift.io.images.read_image`. Its alpha channel says what the object is, if it
                is a cut-out.
            mask: White on the object, as large as the picture, see `shapelift.io.masks.read_mask`. Without alpha and
                mask the object is found by itself, with a warning in the result where that is uncertain.
            seed: Which of its answers a stochastic model gives; a deterministic one gives the same for every seed.
            fill: Whether a model of the frame `picture` has its field cut to the outline of the object and filled to it
                where it is not sure; else the field is what the network says. Other models have no such outline.
            object_number: Which of several objects in the picture is meant, 1 for the largest; by default all are one.

        Raises:
            InputError: a picture or mask that cannot be used; the message names it.
        """
        return self.hypotheses(image, 1, seed, mask, fill=fill, object_number=object_number).reconstructions[0]

    def hypotheses(
        self,
        image: ImageSource,
        samples: int = 4,
        seed: int = 0,
        mask: ImageSource | None = None,
        *,
        fill: bool = True,
        object_number: int | None = None,
    ) -> Hypotheses:
        """Several shapes that the object in a picture may have, and how far apart they are.

        The first is that of `reconstruct`, and more `samples` leave those before them as they are.

        Args:
            image: The picture.
            samples: How many shapes, 1 to 64.
            seed: What the randomness begins with; the same seed gives the same shapes.
            mask: As for `reconstruct`.
            fill: As for `reconstruct`.
            object_number: As for `reconstruct`.

        Raises:
            InputError: more than one shape is asked of a deterministic model (see `ModelCard.stochastic`); numbers out
                of range; and as `reconstruct`.
        """
        self.check_samples(samples)
        check_seed(seed)
        rgba, warnings, name = _cut_out(image, mask, object_number)
        crop, picture = self.preprocess.crop(rgba), self.preprocess.fine_crop(rgba, _FINEST_PX)
        answers = (self._answer(crop, picture, warnings, name, seed, sample, fill=fill) for sample in range(samples))
        return Hypotheses(tuple(answers))

    def check_samples(self, samples: int) -> None:
        """Check that the model can give so many shapes of one picture.

        Raises:
            InputError: it cannot.
        """
        check_samples(samples)
        if samples > 1 and not self.card.stochastic:
            raise InputError(
                f"`samples` {samples}: the model {self.card.name} is deterministic, one picture gives one shape; "
                "leave `samples` out, or give a model whose card says stochastic"
            )

    def _answer(
        self,
        crop: npt.NDArray[np.uint8],
        picture: npt.NDArray[np.uint8],
        warnings: tuple[Doubt, ...],
        name: str,
        seed: int,
        sample: int,
        *,
        fill: bool,
    ) -> Reconstruction:
        prediction = predict(self.model, self.preprocess.tensor(crop), name, seed=seed, sample=sample, fill=fill)
        representation = prediction.representation
        warnings += tuple(_named(doubt, name) for doubt in prediction.warnings)
        if isinstance(representation, ImplicitField) and representation.placement is None:
            representation, unsure = with_fallback_level(representation)
            warnings += tuple(_named(doubt, name) for doubt in unsure)
        elif isinstance(representation, Mesh):
            warnings += tuple(_named(doubt, name) for doubt in self_intersection_warnings(representation))
        return Reconstruction(
            representation=representation,
            crop=crop,
            card=self.card,
            warnings=warnings,
            name=name,
            features=prediction.features,
            places=prediction.places,
            picture=picture,
            camera=_camera(representation),
            albedo=_albedo(representation),
            filled_share=prediction.filled_share,
            seed=seed,
            sample=sample,
        )

    def encode(self, image: ImageSource, mask: ImageSource | None = None) -> npt.NDArray[np.float32]:
        """Features `d` of a picture, the closer the more alike the objects; see `reconstruct` for the arguments.

        Raises:
            InputError: a picture that cannot be used, or a model without features.
        """
        rgba, _, _ = _cut_out(image, mask)
        return np.asarray(self.encode_crops(self.preprocess.crop(rgba)[None])[0], np.float32)

    def encode_crops(self, crops: npt.NDArray[np.uint8]) -> npt.NDArray[np.float32]:
        """Features `b d` of pictures `b s s 4` uint8 that are framed already (`Reconstruction.crop`).

        Raises:
            InputError: a model without features.
        """
        return encode_images(self.model, self.preprocess.tensor(crops))


def _camera(representation: Representation) -> Camera | None:
    placed = isinstance(representation, ImplicitField) and representation.placement
    return placed.camera if placed else None


def _albedo(representation: Representation) -> Callable[[_Points], _Points] | None:
    """The colours of a field at points of the world."""
    if not isinstance(representation, ImplicitField) or representation.colors is None:
        return None
    colors, placement = representation.colors, representation.placement
    if placement is None:
        return colors
    return lambda points: colors(placement.from_world(points).astype(np.float32))


def _cut_out(
    image: ImageSource, mask: ImageSource | None, object_number: int | None = None
) -> tuple[npt.NDArray[np.uint8], tuple[Doubt, ...], str]:
    """The picture `h w 4` with the mask of the object as its alpha, what is doubtful about it, and its name."""
    name = name_of(image)
    mask_name = name_of(mask, "mask")
    loaded = read_image(image, name)
    doubts = loaded.doubts
    coverage: npt.NDArray[np.uint8] | None = None
    if mask is not None:
        coverage, more = read_mask(mask, mask_name)
        doubts += more
        coverage = fitted_mask(coverage, loaded.rgba.shape) if loaded.shrunk else coverage
    found = object_mask(loaded.rgba, coverage, number=object_number, name=name, mask_name=mask_name)
    return with_mask(loaded.rgba, found), doubts + found.warnings, name


def _named(doubt: Doubt, name: str) -> Doubt:
    return Doubt(doubt.code, f"{name}: {doubt.message}")
