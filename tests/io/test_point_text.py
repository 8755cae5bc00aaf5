"""Text clouds: whatever a program calls and separates its columns by, the same points come out."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shapelift.geometry import PointCloud
from shapelift.io.pointclouds import Scan, load_shape, read_shape

RNG = np.random.default_rng(0)
POINTS = np.round(RNG.uniform(-2.0, 2.0, (12, 3)), 4)
NORMALS = np.round(POINTS / np.linalg.norm(POINTS, axis=1, keepdims=True), 4)
COLORS = RNG.integers(0, 256, (12, 3))
INTENSITY = RNG.integers(-2000, 2000, (12, 1))

NUMBERS = {
    "fixed": lambda value: f"{value:.4f}",
    "scientific": lambda value: f"{value:.9E}",
    "signed": lambda value: f"{value:+.6f}",
    "short": lambda value: f"{value:.4f}".replace("0.", ".", 1),
    "fortran": lambda value: f"{value:.9e}".replace("e", "D"),
}
ENDS = ("\n", "\r\n", "\r")
NAMES = {
    "p": ("x y z", "X Y Z", "Easting Northing Elevation", "Points:0 Points:1 Points:2", "pos_x pos_y pos_z"),
    "n": ("nx ny nz", "Nx Ny Nz", "normal_x normal_y normal_z", "Normals:0 Normals:1 Normals:2"),
    "c": ("r g b", "R G B", "red green blue", "Red Green Blue"),
    "i": ("intensity", "Scalar_field", "reflectance"),
}
TABLES = {"p": POINTS, "n": NORMALS, "c": COLORS, "i": INTENSITY}


def written(path: Path, text: str, encoding: str = "utf-8") -> Path:
    path.write_bytes(text.encode(encoding))
    return path


def read(path: Path) -> PointCloud:
    cloud = load_shape(path)
    assert isinstance(cloud, PointCloud)
    return cloud


def assert_holds(cloud: PointCloud, what: str) -> None:
    np.testing.assert_allclose(cloud.points, POINTS, atol=1e-4)
    assert (cloud.normals is not None) == ("n" in what)
    assert (cloud.colors is not None) == ("c" in what)
    if cloud.normals is not None:
        np.testing.assert_allclose(cloud.normals, NORMALS, atol=2e-4)
    if cloud.colors is not None:
        np.testing.assert_array_equal(cloud.colors, COLORS)


@pytest.mark.slow
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_a_cloud_reads_the_same_however_it_is_spelt(tmp_path: Path, data: st.DataObject) -> None:
    named = data.draw(st.booleans(), "named")
    # Without names the order says what is what; with them it may be any.
    what = data.draw(st.sampled_from(["p", "pn", "pc", "pi", "pic", "pcn", "pnc", "pni"]), "columns")
    if named:
        what = "".join(data.draw(st.permutations(what), "order"))
    separator = data.draw(st.sampled_from([" ", "\t", ",", ";", "  ", ", ", "; "]), "separator")
    number = NUMBERS[data.draw(st.sampled_from(sorted(NUMBERS)), "numbers")]
    comma = separator.strip() != "," and data.draw(st.booleans(), "decimal comma")
    end = data.draw(st.sampled_from(ENDS), "line ends")
    rows = []
    for place in range(len(POINTS)):
        cells = []
        for kind in what:
            values = TABLES[kind][place]
            cells += [str(value) if kind in "ic" else number(value) for value in values]
        row = separator.join(cells)
        rows.append(row.replace(".", ",") if comma else row)
    if data.draw(st.booleans(), "padding"):
        rows = [f"  {row}  " for row in rows]
    if data.draw(st.booleans(), "remarks"):
        rows.insert(5, "# half of it")
        rows.insert(5, "")
        rows[1] += " // seen twice"
    if named:
        names = separator.join(
            separator.join(data.draw(st.sampled_from(NAMES[kind]), kind).split(" ")) for kind in what
        )
        rows.insert(0, data.draw(st.sampled_from(["", "//", "# ", "#"]), "mark") + names)
    if data.draw(st.booleans(), "count"):
        rows.insert(0, str(len(POINTS)))
    if data.draw(st.booleans(), "title"):
        rows.insert(0, "# scan of a chair, 3 of 4")
    encoding = data.draw(st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]), "encoding")
    text = end.join(rows) + (end if data.draw(st.booleans(), "last end") else "")
    scan = read_shape(written(tmp_path / data.draw(st.sampled_from(["a.xyz", "a.pts", "a.csv"])), text, encoding))
    assert isinstance(scan, Scan)
    assert scan.notes == ()
    assert_holds(scan.cloud, what)


def lines(*tables: np.ndarray, separator: str = " ") -> list[str]:
    return [separator.join(f"{value:.9g}" for value in row) for row in np.concatenate(tables, axis=1)]


def test_intensity_stands_before_the_colours_and_alpha_behind_them(tmp_path: Path) -> None:
    grey = RNG.integers(0, 256, (12, 1))
    for first, last in ((grey, grey[:, :0]), (grey[:, :0], np.full((12, 1), 255))):
        path = written(tmp_path / "a.pts", "\n".join(["12", *lines(POINTS, first, COLORS, last)]))
        assert_holds(read(path), "pc")


def test_colours_as_fractions_and_of_16_bits(tmp_path: Path) -> None:
    path = written(tmp_path / "a.xyz", "\n".join(lines(POINTS, COLORS / 255.0)))
    assert_holds(read(path), "pc")
    rows = ["x,y,z,red,green,blue", *lines(POINTS, COLORS * 257, separator=",")]
    assert_holds(read(written(tmp_path / "a.csv", "\n".join(rows))), "pc")


def test_words_and_gaps_between_numbers(tmp_path: Path) -> None:
    labelled = [f'"leg {place}",{row},' for place, row in enumerate(lines(POINTS, separator=","))]
    assert_holds(read(written(tmp_path / "a.csv", "\n".join(labelled))), "p")
    named = ["id;X [m];Y [m];Z [m];note", *(f"{n};{row};" for n, row in enumerate(lines(POINTS, separator=";")))]
    assert_holds(read(written(tmp_path / "b.csv", "\n".join(named))), "p")
    indexed = [",x,y,z", *(f"{n},{row}" for n, row in enumerate(lines(POINTS, separator=",")))]
    assert_holds(read(written(tmp_path / "c.csv", "\n".join(indexed))), "p")
    for separator in ";\t":
        text = "\n".join(indexed).replace(",", separator)
        assert_holds(read(written(tmp_path / "d.csv", text)), "p")


@pytest.mark.parametrize("gap", ["nan", "-nan(ind)", "1.#QNAN", "", "NA", "null", "inf", "-Infinity", "1e39"])
def test_points_that_are_no_numbers_are_left_out_and_counted(tmp_path: Path, gap: str) -> None:
    rows = lines(POINTS, COLORS, separator=",")
    x, *rest = rows[0].split(",")
    path = written(tmp_path / "a.csv", "\n".join([*rows, ",".join([gap, *rest]), ",".join([x, gap, *rest[1:]])]))
    scan = read_shape(path)
    assert isinstance(scan, Scan)
    assert scan.not_finite == 2
    assert_holds(scan.cloud, "pc")


def test_a_count_that_is_wrong_is_told(tmp_path: Path) -> None:
    scan = read_shape(written(tmp_path / "a.pts", "\n".join(["15", *lines(POINTS)])))
    assert isinstance(scan, Scan)
    assert scan.notes == ("15 points are promised, 12 are there",)
    two = read_shape(written(tmp_path / "b.pts", "\n".join(["5", *lines(POINTS[:5]), "7", *lines(POINTS[5:])])))
    assert isinstance(two, Scan)
    assert two.notes == ()
    assert_holds(two.cloud, "p")


@pytest.mark.parametrize("count", [3, 4, 6])
def test_columns_that_are_nothing_known_are_passed_over(tmp_path: Path, count: int) -> None:
    other = RNG.uniform(300.0, 900.0, (12, count))
    scan = read_shape(written(tmp_path / "a.xyz", "\n".join(lines(POINTS, other))))
    assert isinstance(scan, Scan)
    assert_holds(scan.cloud, "p")
    assert scan.notes == (f"columns 4 to {3 + count} are neither normals nor colours; they were passed over",)


def test_normals_that_are_zero_are_none(tmp_path: Path) -> None:
    assert_holds(read(written(tmp_path / "a.xyz", "\n".join(lines(POINTS, 0.0 * NORMALS)))), "p")
    names = ["x y z nx ny nz", *lines(POINTS, np.where(np.arange(12)[:, None] < 7, np.nan, NORMALS))]
    assert_holds(read(written(tmp_path / "b.xyz", "\n".join(names))), "p")
    some = read(written(tmp_path / "c.xyz", "\n".join(lines(POINTS, np.where(np.arange(12)[:, None] < 2, 0, NORMALS)))))
    assert some.normals is not None
    assert (some.normals[:2] == 0).all()
    np.testing.assert_allclose(some.normals[2:], NORMALS[2:], atol=1e-6)


@pytest.mark.parametrize("place", [(4.3e5, 5.4e6, 120.0), (-2.0e7, 0.0, 3.0e6), (0.0, 0.0, 9.9e5)])
def test_far_off_points_keep_their_shape(tmp_path: Path, place: tuple[float, float, float]) -> None:
    far = POINTS + place
    stray = [[0.0, 0.0, 0.0]]  # what many sensors write for nothing
    rows = [" ".join(f"{value:.4f}" for value in row) for row in np.concatenate([far, stray])]
    scan = read_shape(written(tmp_path / "a.xyz", "\n".join(rows)))
    assert isinstance(scan, Scan)
    np.testing.assert_allclose(scan.cloud.points[:-1] + scan.origin, far, atol=1e-6, rtol=0)
    assert (scan.origin == np.round(scan.origin)).all()
    assert np.abs(scan.cloud.points[:-1]).max() < 10.0


def test_points_near_0_stay_as_they_are(tmp_path: Path) -> None:
    scan = read_shape(written(tmp_path / "a.xyz", "\n".join(lines(POINTS + 50.0))))
    assert isinstance(scan, Scan)
    assert not scan.origin.any()
    np.testing.assert_array_equal(scan.cloud.points, (POINTS + 50.0).astype(np.float32))
