"""A saved model on disk: `card.json` and ONNX graphs, verified before they run.

The files are trusted only after their SHA-256 agrees with the card, and the bytes that were hashed are the bytes that
run. There is no pickle anywhere, no operator outside the ONNX standard, and no file that points to another.
"""

from __future__ import annotations

import dataclasses
import difflib
import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from shapelift.errors import InputError
from shapelift.inference.card import ModelCard
from shapelift.inference.graph import OnnxGraph, open_graph
from shapelift.inference.representations import REPRESENTATIONS
from shapelift.io.atomic import write_atomically
from shapelift.io.cores import available_cores

SHIPPED = Path(__file__).parent / "shipped"
"""Where the models live that come with the package."""

CARD_NAME = "card.json"

_MAX_CARD_BYTES = 4 * 1024 * 1024
"""Largest card that is read."""

MAX_MODEL_FILE_BYTES = 1024 * 1024 * 1024
"""Largest file of a model that is read."""


@dataclass(frozen=True, eq=False)
class ModelFolder:
    """A verified model.

    Attributes:
        path: The folder.
        card: What its card says.
        graphs: Graph name (`encode`, `decode` or `predict`) -> graph.
        threads: CPU threads to use.
    """

    path: Path
    card: ModelCard
    graphs: Mapping[str, OnnxGraph]
    threads: int = 1

    @property
    def has_features(self) -> bool:
        """Whether the model also gives image features, for retrieval."""
        return "features" in self.first.outputs

    @property
    def first(self) -> OnnxGraph:
        """The graph that takes the picture: `encode` or `predict`."""
        return self.graphs[REPRESENTATIONS[self.card.representation].graphs[0]]

    @property
    def noise_size(self) -> int:
        """How many random numbers an answer takes; 0 for a deterministic model."""
        size = self.first.inputs["noise"][1] if self.card.stochastic else 0
        return size if isinstance(size, int) else 0


def shipped_models() -> tuple[str, ...]:
    """Names of the models that come with the package, sorted."""
    if not SHIPPED.is_dir():
        return ()
    return tuple(sorted(folder.name for folder in SHIPPED.iterdir() if (folder / CARD_NAME).is_file()))


def find_model(name_or_folder: str | Path) -> Path:
    """The folder of a model: a shipped name, or a folder of one's own (`./name` where both exist).

    Raises:
        InputError: neither; the message suggests the nearest name.
    """
    name = str(name_or_folder)
    shipped = shipped_models()
    if name in shipped and not isinstance(name_or_folder, Path):
        return SHIPPED / name
    folder = Path(name_or_folder)
    try:
        if folder.is_dir():
            if (folder / CARD_NAME).is_file():
                return folder
            raise InputError(f"{name}: has no {CARD_NAME}; give the model folder that training or export wrote")
        if folder.is_file():
            raise InputError(f"{name}: is a file, not a model; give the folder that holds {CARD_NAME}")
    except (OSError, ValueError) as error:
        if isinstance(error, InputError):
            raise
        raise InputError(f"{name}: cannot be opened as a model folder; check the name") from error
    near = difflib.get_close_matches(name, shipped, n=1, cutoff=0.5)
    known = ", ".join(shipped) if shipped else "none"
    advice = f"did you mean {near[0]}?" if near else f"shipped models: {known}; or give a model folder"
    raise InputError(f"{name}: no such model; {advice}")


def open_model(name_or_folder: str | Path = "general", threads: int | None = None) -> ModelFolder:
    """Verify a model and make it ready to run.

    Args:
        name_or_folder: A shipped name or a folder.
        threads: CPU threads per graph; all cores this process may use by default.

    Raises:
        InputError: no such model, or a folder that is incomplete, altered or not understood.
    """
    folder = find_model(name_or_folder)
    card = read_card(folder)
    needed = [f"{graph}.onnx" for graph in REPRESENTATIONS[card.representation].graphs]
    for file in needed:
        if file not in card.files:
            raise InputError(f"{folder / CARD_NAME}: lists no {file}; use the folder as it was exported")
    cores = threads or available_cores()
    graphs: dict[str, OnnxGraph] = {}
    for file, digest in card.files.items():
        data = _verified(folder / file, digest)
        if file in needed:
            name = file.removesuffix(".onnx")
            # A decoder reads its points in many small parts: one thread each, several parts at a time.
            graphs[name] = open_graph(data, str(folder / file), 1 if name == "decode" else cores)
    model = ModelFolder(folder, card, graphs, cores)
    _check_signature(model)
    return model


def read_card(folder: str | Path) -> ModelCard:
    """The card of a model folder.

    Raises:
        InputError: missing, too large or not valid.
    """
    path = Path(folder) / CARD_NAME
    return ModelCard.from_json(_read(path, _MAX_CARD_BYTES), str(path))


def write_card(folder: str | Path, card: ModelCard, files: Iterable[str]) -> ModelCard:
    """Write `card.json` beside finished `files` of `folder`, with their checksums, and return what was written.

    Args:
        folder: The model folder.
        card: What is written; its checksums are replaced.
        files: Names of the finished files in the folder.

    Raises:
        InputError: a file is missing or the folder cannot be written.
    """
    folder = Path(folder)
    digests = {name: hashlib.sha256(_read(folder / name, MAX_MODEL_FILE_BYTES)).hexdigest() for name in sorted(files)}
    card = dataclasses.replace(card, files=digests)
    write_atomically(folder / CARD_NAME, card.to_json())
    return card


def _verified(path: Path, digest: str) -> bytes:
    data = _read(path, MAX_MODEL_FILE_BYTES)
    if hashlib.sha256(data).hexdigest() != digest:
        raise InputError(f"{path}: differs from its checksum in {CARD_NAME}; copy or export the model again")
    return data


def _read(path: Path, limit: int) -> bytes:
    try:
        if not path.is_file():
            raise InputError(f"{path}: this file of the model is missing; copy or export the model again")
        size = path.stat().st_size
        if size > limit:
            raise InputError(f"{path}: is over the limit of {limit // 1024**2} MiB; use the folder as it was exported")
        return path.read_bytes()
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror or error}); check its permissions") from error


def _check_signature(model: ModelFolder) -> None:
    """Standard names, and a picture of the size that the card promises."""
    kind, first = REPRESENTATIONS[model.card.representation], model.first
    preprocess = model.card.preprocess
    wanted = (len(preprocess.channels), preprocess.image_size_px, preprocess.image_size_px)
    shape = first.inputs.get("image", ())
    if len(shape) != 4 or not _fits(shape[1:], wanted):
        raise InputError(f"{first.origin}: does not take the image that {CARD_NAME} describes; export the model again")
    noise = first.inputs.get("noise", ())
    named = {"image", "noise"} if model.card.stochastic else {"image"}
    if set(first.inputs) != named or (noise and (len(noise) != 2 or not isinstance(noise[1], int))):
        wanted_text = "an image and noise of a fixed length" if model.card.stochastic else "an image and nothing else"
        raise InputError(f"{first.origin}: must take {wanted_text}, as {CARD_NAME} says; export the model again")
    for name in kind.outputs:
        if name not in first.outputs:
            raise InputError(f"{first.origin}: gives no {name}; export the model again")
    kind.check(model.graphs, model.card.frame)


def _fits(shape: tuple[int | str | None, ...], wanted: tuple[int, ...]) -> bool:
    return all(not isinstance(have, int) or have == want for have, want in zip(shape, wanted, strict=True))
