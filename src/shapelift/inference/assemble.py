"""From the outputs of a saved model to a value, by the assembler of its representation; families have none."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from shapelift.errors import InputError
from shapelift.inference.model_folder import ModelFolder
from shapelift.inference.representations import REPRESENTATIONS
from shapelift.inference.representations.kind import AssemblyInput, ModelOutput

Image = npt.NDArray[np.float32]


def predict(
    model: ModelFolder, image: Image, name: str = "image", *, seed: int = 0, sample: int = 0, fill: bool = True
) -> ModelOutput:
    """Run a model on one picture `c s s` float32 in [0, 1], which messages call `name`.

    Args:
        model: The model.
        image: The picture.
        name: How messages call it.
        seed: What the randomness of a stochastic model begins with.
        sample: Which of the answers of that seed; each is the same however many are asked for.
        fill: Whether a field in the frame of the picture is cut to the outline of the object and filled to it.

    Raises:
        InputError: the model fails, gives something that is not what its card says, or sees not one point.
    """
    inputs = {"image": np.ascontiguousarray(image[None], np.float32)}
    if model.card.stochastic:
        noise = np.random.default_rng((seed, sample)).standard_normal((1, model.noise_size))
        inputs["noise"] = noise.astype(np.float32)
    card = model.card
    asked = AssemblyInput(model.graphs, inputs, name, card.name, card.frame, model.threads, fill)
    return REPRESENTATIONS[card.representation].assemble(asked)


def encode_images(model: ModelFolder, images: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """Features `b d` of pictures `b c s s`.

    Raises:
        InputError: the model gives no features.
    """
    graph = model.first
    if not model.has_features:
        raise InputError(f"{graph.origin}: gives no image features; export the model with an output named features")
    inputs = {"image": np.ascontiguousarray(images, np.float32)}
    if model.card.stochastic:  # features are those of the picture, whatever the noise
        inputs["noise"] = np.zeros((len(images), model.noise_size), np.float32)
    return graph(inputs, ["features"])["features"]
