"""The card of a saved model: everything about it that is not a weight, typed and checked."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any

from shapelift.errors import InputError
from shapelift.imaging.preprocess import Preprocess
from shapelift.inference.representations import REPRESENTATIONS

SCHEMA_VERSION = 1
"""The schema that this version writes, and the only one it reads."""

FRAMES = ("object", "view", "picture")
"""The frame of a prediction: canonical pose of the category; gravity up and turned to the camera; or image coordinates
and depth, from which a predicted camera leads to `view`."""

_FILE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
_SHA256 = re.compile(r"[0-9a-f]{64}")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_YOUNGER = {"stochastic"}
"""Fields that cards of this schema may lack: they came later, and their defaults say what was true before."""


@dataclass(frozen=True)
class DataSource:
    """Where training shapes came from.

    Attributes:
        name: What it is called.
        licence: Under which terms.
        shapes: How many shapes of it were used.
        note: Attribution or address, may be empty.
    """

    name: str
    licence: str
    shapes: int = 0
    note: str = ""


@dataclass(frozen=True, kw_only=True)
class ModelCard:
    """The card of a saved model.

    Attributes:
        name: Short name; letters, digits, dot, dash, underscore.
        version: Version of the model, not of the package.
        family: Which family in `shapelift.models.FAMILIES` it belongs to; the runtime does not look at it.
        representation: One of `representations.REPRESENTATIONS`.
        frame: One of `FRAMES`.
        preprocess: How it wants its picture.
        threshold: Probability at which it draws the surface; already folded into the exported logits.
        stochastic: Whether its graphs take `noise` beside the picture, so that one picture has many answers. A card
            without this field is that of a deterministic model: one picture, one answer.
        categories: What it was trained on.
        training: How it was trained, free-form JSON.
        data: Sources and licences of the training data.
        scores: Results of evaluation, free-form JSON.
        limits: What it cannot do, one sentence each.
        licence: Of the weights.
        files: Name of every other file of the folder to its SHA-256, 64 hexadecimal digits.
        schema_version: Always `SCHEMA_VERSION`.
    """

    name: str
    version: str
    family: str
    representation: str
    frame: str
    preprocess: Preprocess
    threshold: float = 0.5
    stochastic: bool = False
    categories: tuple[str, ...] = ()
    training: Mapping[str, Any] = field(default_factory=dict)
    data: tuple[DataSource, ...] = ()
    scores: Mapping[str, Any] = field(default_factory=dict)
    limits: tuple[str, ...] = ()
    licence: str = "Apache-2.0"
    files: Mapping[str, str] = field(default_factory=dict)
    schema_version: int = SCHEMA_VERSION

    def __post_init__(self) -> None:
        if self.schema_version != SCHEMA_VERSION:
            raise ValueError(f"schema_version {self.schema_version} is not {SCHEMA_VERSION}")
        if not _NAME.fullmatch(self.name):
            raise ValueError(f"name {self.name!r} is not made of letters, digits, dots, dashes and underscores")
        if self.representation not in REPRESENTATIONS:
            raise ValueError(f"representation {self.representation!r} is not one of {', '.join(REPRESENTATIONS)}")
        if self.frame not in FRAMES:
            raise ValueError(f"frame {self.frame!r} is not one of {', '.join(FRAMES)}")
        allowed = REPRESENTATIONS[self.representation].frames
        if self.frame not in allowed or (self.frame == "picture" and self.preprocess.channels != "rgba"):
            raise ValueError("frame 'picture' needs representation 'field' and preprocess.channels 'rgba'")
        if not 0.0 < self.threshold < 1.0:
            raise ValueError(f"threshold must lie between 0 and 1, got {self.threshold}")
        for file, digest in self.files.items():
            if not _FILE_NAME.fullmatch(file) or file == "card.json":
                raise ValueError(f"files: {file!r} is not the plain name of a file")
            if not _SHA256.fullmatch(digest):
                raise ValueError(f"files: the checksum of {file} is not 64 hexadecimal digits")

    @property
    def result_frame(self) -> str:
        """The frame of a result: `object` or `view`. A prediction leaves the frame `picture` once, at the end."""
        return "view" if self.frame == "picture" else self.frame

    def to_json(self) -> str:
        """The card as a JSON document, stable to the byte.

        Raises:
            ValueError: free-form parts that are not JSON, or numbers that are not finite.
        """
        document = {"schema_version": self.schema_version} | asdict(self)
        return json.dumps(document, indent=2, ensure_ascii=False, allow_nan=False) + "\n"

    @classmethod
    def from_json(cls, text: str | bytes, name: str = "card.json") -> ModelCard:
        """Read a card and check every field of it.

        Args:
            text: The document.
            name: How messages call it.

        Raises:
            InputError: not JSON, another schema, missing or unknown fields, wrong types or values.
        """
        try:
            return _card(json.loads(text, parse_constant=_no_constant))
        except RecursionError as error:
            raise InputError(f"{name}: is nested too deeply for a card; use the folder as it was exported") from error
        except (ValueError, TypeError, OverflowError) as error:
            reason = ascii(" ".join(str(error).split())[:200])[1:-1]
            raise InputError(
                f"{name}: is not a valid model card ({reason}); use the folder as it was exported"
            ) from error


def _no_constant(word: str) -> float:
    raise ValueError(f"{word} is not JSON")


def _card(document: object) -> ModelCard:
    entries = _object("the card", document)
    version = entries.get("schema_version")
    if isinstance(version, bool) or version != SCHEMA_VERSION:
        raise ValueError(f"schema_version {version!r} is unknown, this version of shapelift reads {SCHEMA_VERSION}")
    _same_keys("the card", entries, {item.name for item in fields(ModelCard)}, _YOUNGER)
    data = tuple(_data_source(entry) for entry in _list("data", entries["data"]))
    return ModelCard(
        name=_text("name", entries["name"]),
        version=_text("version", entries["version"]),
        family=_text("family", entries["family"]),
        representation=_text("representation", entries["representation"]),
        frame=_text("frame", entries["frame"]),
        preprocess=_preprocess(entries["preprocess"]),
        threshold=_number("threshold", entries["threshold"]),
        stochastic=_flag("stochastic", entries.get("stochastic", False)),
        categories=_texts("categories", entries["categories"]),
        training=_object("training", entries["training"]),
        data=data,
        scores=_object("scores", entries["scores"]),
        limits=_texts("limits", entries["limits"]),
        licence=_text("licence", entries["licence"]),
        files={file: _text(f"files.{file}", digest) for file, digest in _object("files", entries["files"]).items()},
    )


def _preprocess(value: object) -> Preprocess:
    entries = _object("preprocess", value)
    _same_keys("preprocess", entries, {item.name for item in fields(Preprocess)})
    channels: Any = _text("preprocess.channels", entries["channels"])
    return Preprocess(
        image_size_px=_integer("preprocess.image_size_px", entries["image_size_px"]),
        margin=_number("preprocess.margin", entries["margin"]),
        background=_number("preprocess.background", entries["background"]),
        channels=channels,
    )


def _data_source(value: object) -> DataSource:
    entries = _object("data", value)
    _same_keys("data", entries, {item.name for item in fields(DataSource)})
    return DataSource(
        name=_text("data.name", entries["name"]),
        licence=_text("data.licence", entries["licence"]),
        shapes=_integer("data.shapes", entries["shapes"]),
        note=_text("data.note", entries["note"]),
    )


def _same_keys(
    where: str, entries: Mapping[str, object], names: set[str], optional: Collection[str] = frozenset()
) -> None:
    missing, unknown = sorted(names - entries.keys() - set(optional)), sorted(entries.keys() - names)
    if missing:
        raise ValueError(f"{where} lacks {', '.join(missing)}")
    if unknown:
        raise ValueError(f"{where} has unknown fields {', '.join(unknown)}")


def _object(where: str, value: object) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise TypeError(f"{where} must be an object")
    return value


def _list(where: str, value: object) -> list[Any]:
    if not isinstance(value, list):
        raise TypeError(f"{where} must be a list")
    return value


def _text(where: str, value: object) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{where} must be text")
    return value


def _texts(where: str, value: object) -> tuple[str, ...]:
    return tuple(_text(where, item) for item in _list(where, value))


def _flag(where: str, value: object) -> bool:
    if not isinstance(value, bool):
        raise TypeError(f"{where} must be true or false")
    return value


def _number(where: str, value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise TypeError(f"{where} must be a finite number")
    return float(value)


def _integer(where: str, value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise TypeError(f"{where} must be a whole number")
    return value
