"""The card of a saved model: everything about it that is not a weight, typed and checked."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any

import msgspec

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
            document = msgspec.json.decode(text)
            if isinstance(document, dict):  # what else it must be, the conversion says
                _check_version(document)
                _check_fields("the card", document, cls)
            return msgspec.convert(document, cls)
        except RecursionError as error:
            raise InputError(f"{name}: is nested too deeply for a card; use the folder as it was exported") from error
        except (msgspec.MsgspecError, ValueError, OverflowError) as error:
            reason = ascii(" ".join(str(error).split())[:200])[1:-1]
            if type(error) is msgspec.DecodeError or isinstance(error, UnicodeDecodeError):
                reason = "no JSON, or damaged or cut short"
            raise InputError(
                f"{name}: is not a valid model card ({reason}); use the folder as it was exported"
            ) from error


def _check_version(document: dict[str, Any]) -> None:
    version = document.get("schema_version")
    if version != SCHEMA_VERSION:
        raise ValueError(f"schema_version {version!r} is unknown, this version of shapelift reads {SCHEMA_VERSION}")


def _check_fields(where: str, document: object, kind: type[Any]) -> None:
    """Every field is there and no other: defaults are for cards that are made, not for those that are read."""
    if not isinstance(document, dict):
        return
    names = {item.name for item in fields(kind)}
    missing, unknown = sorted(names - document.keys() - _YOUNGER), sorted(document.keys() - names)
    if missing or unknown:
        wrong = f"lacks {', '.join(missing)}" if missing else f"has unknown fields {', '.join(unknown)}"
        raise ValueError(f"{where} {wrong}")
    if kind is ModelCard:
        _check_fields("preprocess", document["preprocess"], Preprocess)
        for source in document["data"] if isinstance(document["data"], list) else ():
            _check_fields("data", source, DataSource)
