"""Pages of results: what stands on them, that nothing is loaded, and that names of files are text and nothing else."""

from __future__ import annotations

from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import numpy as np
import pytest

from shapelift.cli.main import run
from shapelift.errors import InputError
from shapelift.io.images import save_image
from shapelift.pipelines.reconstruction import BatchOptions, reconstruct_images

Disc = Callable[..., np.ndarray]
HOSTILE = "a<img src=x onerror=alert(1)>&\"q'"


class Page(HTMLParser):
    """A page in parts: tags with attributes, and its text."""

    void = frozenset({"meta", "img"})

    def __init__(self, path: Path | str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self.open: list[str] = []
        self.feed(path.read_text("utf-8") if isinstance(path, Path) else path)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in self.void:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] not in {"style", "script"}:
            self.words.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.words).split())

    def values(self, *names: str) -> list[str]:
        return [value or "" for _, attributes in self.tags for name, value in attributes.items() if name in names]


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def made(images: list[Path], model: Path, output: str = "out", **options: Any) -> dict[str, Any]:
    wanted = BatchOptions(resolution=24, **options)
    return reconstruct_images(images, Path(output), model=str(model), options=wanted, threads=1)


def test_a_page_says_what_is_known_and_loads_nothing(place: Path, disc: Disc, ellipsoid_folder: Path) -> None:
    image = Path(f"{HOSTILE}.png")
    save_image(image, disc())
    (result,) = made([image], ellipsoid_folder, html=True, faces=400)["results"]
    assert result["files"] == [f"out/{HOSTILE}.html", f"out/{HOSTILE}.glb"]
    page = Page(place / "out" / f"{HOSTILE}.html")
    assert [tag for tag, _ in page.tags if tag in {"script", "img", "iframe", "link", "b"}] == ["iframe", "img"]
    assert page.text.count(f"{HOSTILE}.png") == 3
    sides = " x ".join(f"{side:.4g}" for side in result["size"])
    assert f"Model ellipsoid, version 1 (Apache-2.0) Size, glb {sides} m Triangles {result['faces']} Seen " in page.text
    share = float(page.text.split("Seen ")[1].split("%")[0])
    assert 25.0 < share < 60.0
    assert "Filled" not in page.text
    assert [value[:22] for value in page.values("src", "href")] == ["data:image/png;base64,"]
    policy = next(attributes for tag, attributes in page.tags if "http-equiv" in attributes)
    assert policy["content"] is not None
    assert policy["content"].startswith("default-src 'none'; ")
    assert "http" not in policy["content"]
    (viewer,) = page.values("srcdoc")
    inner = Page(viewer)
    assert [tag for tag, _ in inner.tags].count("script") == 1
    assert inner.values("src", "href") == []
    assert "THREE.GLTFLoader" in viewer
    assert 'base64_data="Z2xURg' in viewer  # glTF


def test_warnings_hypotheses_and_bare_geometry_are_on_the_page(
    place: Path, disc: Disc, ellipsoid_folder: Path, dice_folder: Path
) -> None:
    opaque = disc()
    outside = opaque[..., 3] == 0
    opaque[outside, :3] = np.random.default_rng(0).integers(0, 256, (outside.sum(), 3))
    opaque[..., 3] = 255
    save_image("cup <b>.png", opaque)
    (result,) = made([Path("cup <b>.png")], ellipsoid_folder, html=True, color=False, size_mm=80.0)["results"]
    page = Page(place / "out" / "cup <b>.html")
    assert f"Size, glb {' x '.join(f'{side:.4g}' for side in result['size'])} mm" in page.text
    assert "Seen" not in page.text
    messages = [warning["message"].replace("`", "") for warning in result["warnings"]]
    assert messages
    assert all(message in page.text for message in messages)
    save_image("dice.png", disc())
    made([Path("dice.png")], dice_folder, html=True, samples=3)
    assert "Shape the first of 3 " in Page(place / "out" / "dice.html").text


@pytest.mark.slow
def test_a_gallery_has_a_card_of_every_image(
    place: Path, disc: Disc, ellipsoid_folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (place / "set").mkdir()
    for name in ("a.png", f"{HOSTILE}.png"):
        save_image(place / "set" / name, disc())
    (place / "set" / "bad <b>.jpg").write_bytes(b"\xff\xd8 no picture")
    arguments = ["reconstruct", "set", "-o", "out", "-m", str(ellipsoid_folder), "--resolution", "24", "--threads", "1"]
    assert run([*arguments, "--html"]) == 1
    assert "out/index.html: all results" in capsys.readouterr().out
    page = Page(place / "out" / "index.html")
    assert [tag for tag, _ in page.tags].count("article") == 3
    assert "2 of 3 images reconstructed" in page.text
    assert "failed: set/bad <b>.jpg: " in page.text
    assert f"{HOSTILE}.png" in page.text
    links = page.values("src", "href")
    assert {unquote(link) for link in links} == {
        f"{stem}{ending}" for stem in ("a", HOSTILE) for ending in ("-preview.png", ".html", ".glb")
    }
    assert all((place / "out" / unquote(link)).is_file() for link in links)
    assert not {tag for tag, _ in page.tags} & {"script", "b", "iframe", "link"}
    assert run([*arguments, "--html", "--skip-existing"]) == 1
    again = Page(place / "out" / "index.html")
    assert again.text.count("left alone") == 2
    assert again.values("src", "href") == links


@pytest.mark.slow
def test_previews_of_a_folder_have_a_gallery_without_pages(place: Path, disc: Disc, ellipsoid_folder: Path) -> None:
    for name in ("a.png", "b.png"):
        save_image(name, disc())
    document = made([Path("a.png"), Path("b.png")], ellipsoid_folder, preview=True)
    assert document["gallery"] == "out/index.html"
    found = {path.name for path in (place / "out").iterdir()}
    assert found == {"a-preview.png", "a.glb", "b-preview.png", "b.glb", "index.html"}
    assert made([Path("a.png")], ellipsoid_folder, "one", preview=True)["gallery"] is None


def test_a_page_of_somebody_else_and_a_name_twice_are_refused(place: Path, disc: Disc, ellipsoid_folder: Path) -> None:
    for name in ("a.png", "index.png"):
        save_image(name, disc())
    with pytest.raises(InputError, match=r"index\.html: two files of this name"):
        made([Path("a.png"), Path("index.png")], ellipsoid_folder, html=True)
    (place / "out").mkdir()
    (place / "out" / "a.html").write_text("<!DOCTYPE html><title>mine</title>")
    with pytest.raises(InputError, match=r"a\.html: is there, and no page of this command"):
        made([Path("a.png")], ellipsoid_folder, html=True)
    assert [path.name for path in (place / "out").iterdir()] == ["a.html"]
    for _ in range(2):  # its own pages are written anew
        made([Path("index.png")], ellipsoid_folder, html=True)
