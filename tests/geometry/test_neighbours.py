from __future__ import annotations

import numpy as np
import pytest

from shapelift.geometry.neighbours import PointTree


@pytest.mark.parametrize("case", ["apart", "collapsed", "plane", "one"])
def test_it_is_what_comparing_all_pairs_gives(case: str) -> None:
    rng = np.random.default_rng(0)
    first, second = rng.normal(size=(1500, 3)), rng.normal(size=(1200, 3)) + 2.0
    if case == "collapsed":
        first[:1400] = first[0]
    elif case == "plane":
        first[:, 0] = 1.0
    elif case == "one":
        first = first[:1]
    one, other = PointTree.of(first), PointTree.of(second)
    pairs = np.linalg.norm(first[:, None] - second[None], axis=2)
    for asked, asking, table in ((other, one, pairs), (one, other, pairs.T)):
        distances, indices = asked.nearest_to(asking)
        np.testing.assert_allclose(distances, table.min(axis=1), rtol=1e-12)
        np.testing.assert_allclose(table[np.arange(len(table)), indices], table.min(axis=1), rtol=1e-12)
    assert (one.place is not None) == (case == "collapsed")


def test_a_collapsed_cloud_is_not_searched_from_end_to_end() -> None:
    rng = np.random.default_rng(0)
    spread = PointTree.of(rng.normal(size=(20_000, 3)))
    collapsed = PointTree.of(np.repeat(rng.normal(size=(2, 3)), 10_000, axis=0))
    assert len(collapsed.tree.data) == 2
    distances, indices = collapsed.nearest_to(spread)
    assert distances.shape == indices.shape == (20_000,)
    assert set(indices // 10_000) == {0, 1}
