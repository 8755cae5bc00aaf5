from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shapelift.errors import InputError
from shapelift.inference import ModelCard


@pytest.fixture(name="document")
def _document(card: ModelCard) -> dict[str, Any]:
    return json.loads(card.to_json())


def test_round_trip(card: ModelCard) -> None:
    again = ModelCard.from_json(card.to_json())
    assert again == card
    assert again.to_json() == card.to_json()


@pytest.mark.parametrize(
    ("field", "value", "reason"),
    [
        ("schema_version", 2, "schema_version"),
        ("schema_version", True, "schema_version"),
        ("schema_version", "1", "schema_version"),
        ("name", 3, r"Expected `str`, got `int` - at `\$.name`"),
        ("name", "../general", "name"),
        ("name", "", "name"),
        ("representation", "mesh soup", "representation"),
        ("frame", "camera", "frame"),
        ("preprocess", {"image_size_px": 64}, "preprocess lacks"),
        ("preprocess", [], r"Expected `object`, got `array` - at `\$.preprocess`"),
        ("threshold", 1.0, "threshold"),
        ("threshold", "0.5", "threshold"),
        ("threshold", True, "threshold"),
        ("stochastic", 1, r"Expected `bool`, got `int` - at `\$.stochastic`"),
        ("categories", "chair", r"Expected `array`, got `str` - at `\$.categories`"),
        ("categories", [1], "categories"),
        ("training", [], "training"),
        ("data", [{"name": "x"}], "data lacks"),
        ("scores", 1, "scores"),
        ("limits", [None], "limits"),
        ("files", {"../encode.onnx": "0" * 64}, "plain name"),
        ("files", {"card.json": "0" * 64}, "plain name"),
        ("files", {"encode.onnx": "0" * 63}, "hexadecimal"),
        ("files", {"encode.onnx": 0}, r"Expected `str`, got `int` - at `\$.files"),
        ("surprise", 1, "unknown fields surprise"),
    ],
)
def test_wrong_fields_are_named(document: dict[str, Any], field: str, value: object, reason: str) -> None:
    with pytest.raises(InputError, match=reason) as error:
        ModelCard.from_json(json.dumps(document | {field: value}), "models/x/card.json")
    assert str(error.value).startswith("models/x/card.json: ")


def test_missing_fields_are_named(document: dict[str, Any]) -> None:
    for field in document.keys() - {"stochastic"}:
        with pytest.raises(InputError, match=field):
            ModelCard.from_json(json.dumps({key: value for key, value in document.items() if key != field}))


def test_a_card_without_a_word_on_randomness_is_deterministic(document: dict[str, Any]) -> None:
    assert document.pop("stochastic") is False
    assert ModelCard.from_json(json.dumps(document)).stochastic is False
    assert ModelCard.from_json(json.dumps(document | {"stochastic": True})).stochastic is True


@pytest.mark.parametrize(
    ("size", "margin"), [(0, 0.05), (4096, 0.05), (64, 0.5), (64, -0.1), (64.0, 0.05), (True, 0.05)]
)
def test_preprocess_is_checked(document: dict[str, Any], size: object, margin: float) -> None:
    document["preprocess"] |= {"image_size_px": size, "margin": margin}
    with pytest.raises(InputError):
        ModelCard.from_json(json.dumps(document))


@pytest.mark.parametrize(
    "text", ["", "{", "null", "[]", '{"schema_version": NaN}', "[" * 100_000, "\ud800", "1" * 5000]
)
def test_other_documents(text: str) -> None:
    with pytest.raises(InputError) as error:
        ModelCard.from_json(text, "card.json")
    str(error.value).encode("utf-8")  # can be printed


def test_bytes_that_are_no_text() -> None:
    with pytest.raises(InputError):
        ModelCard.from_json(b"\xff\xfe\x00")


def test_what_is_not_json_is_not_written(card: ModelCard) -> None:
    import dataclasses

    with pytest.raises(ValueError, match="JSON"):
        dataclasses.replace(card, scores={"iou": float("nan")}).to_json()


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)


@pytest.mark.slow
@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_mutated_cards_are_read_or_refused_in_one_line(data: st.DataObject) -> None:
    from shapelift.imaging.preprocess import Preprocess

    card = ModelCard(
        name="a", version="1", family="f", representation="field", frame="view", preprocess=Preprocess(image_size_px=64)
    )
    document = json.loads(card.to_json())
    field = data.draw(st.sampled_from([*document, "other"]))
    document[field] = data.draw(JSON)
    try:
        again = ModelCard.from_json(json.dumps(document))
    except InputError as error:
        assert str(error).isprintable()  # noqa: PT017 - both outcomes are right
    else:
        assert ModelCard.from_json(again.to_json()) == again
