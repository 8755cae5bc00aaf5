from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shapelift.errors import InputError
from shapelift.training.schedule import Clock, WarmupCosine, parse_duration_s


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("90", 90), ("90s", 90), ("30m", 1800), ("1h30m", 5400), ("2d", 172800), ("1.5h", 5400), (" 1 H ", 3600)],
)
def test_durations(text: str, seconds: float) -> None:
    assert parse_duration_s(text) == seconds


@pytest.mark.parametrize("text", ["", "soon", "5x", "0", "-3m", "nan", "inf", "1h and a bit", "m"])
def test_bad_durations_say_how_to_write_one(text: str) -> None:
    with pytest.raises(InputError, match="30m"):
        parse_duration_s(text)


def test_the_factor_rises_and_falls_to_exact_values() -> None:
    schedule = WarmupCosine(warmup=0.2, start=0.1, final=0.05)
    assert schedule.factor(0.0, 7) == pytest.approx(0.1)
    assert schedule.factor(0.1, 7) == pytest.approx(0.55)
    assert schedule.factor(0.2, 7) == pytest.approx(1.0)
    assert schedule.factor(0.6, 7) == pytest.approx((1.0 + 0.05) / 2)
    assert schedule.factor(1.0, 7) == pytest.approx(0.05)
    assert schedule.factor(-1.0, 7) == schedule.factor(0.0, 7)
    assert schedule.factor(2.0, 7) == schedule.factor(1.0, 7)


def test_the_rise_takes_its_steps_however_short_the_run() -> None:
    schedule = WarmupCosine(warmup=0.02, warmup_steps=100, start=0.1, final=0.05)
    plain = WarmupCosine(warmup=0.02, start=0.1, final=0.05)
    assert schedule.factor(0.5, 0) == pytest.approx(0.1 * plain.factor(0.5, 0))
    assert schedule.factor(0.5, 50) == pytest.approx(0.55 * plain.factor(0.5, 50))
    assert schedule.factor(0.5, 100) == plain.factor(0.5, 100)
    assert schedule.factor(0.01, 1000) == plain.factor(0.01, 1000)  # and its share of the run, where that is longer
    with pytest.raises(ValueError, match="warmup_steps"):
        WarmupCosine(warmup_steps=-1)


@given(st.floats(0, 1), st.floats(0, 0.9), st.floats(0.001, 1), st.floats(0, 1))
def test_the_factor_stays_in_bounds(progress: float, warmup: float, start: float, final: float) -> None:
    factor = WarmupCosine(warmup=warmup, start=start, final=final).factor(progress, 0)
    assert min(start, final) - 1e-12 <= factor <= 1.0 + 1e-12


@pytest.mark.parametrize("fields", [{"warmup": 1.0}, {"start": 0.0}, {"final": 1.5}])
def test_impossible_schedules_are_refused(fields: dict[str, float]) -> None:
    with pytest.raises(ValueError, match=r"must be|share"):
        WarmupCosine(**fields)


def test_steps_are_counted_exactly() -> None:
    clock = Clock(steps=4, budget_s=None)
    assert [clock.progress(step, used_s=1e9) for step in range(6)] == [0.0, 0.25, 0.5, 0.75, 1.0, 1.0]
    assert clock.remaining_s(0.25, 10.0) == pytest.approx(30.0)
    assert clock.remaining_s(0.0, 10.0) == math.inf


def test_seconds_hold_back_the_closing_work_and_a_step() -> None:
    clock = Clock(steps=None, budget_s=100.0)
    clock.hold_back(validation_s=4.0, export_s=4.0)  # a quarter on top: 10 s
    assert clock.progress(1, 45.0) == pytest.approx(0.5)
    assert clock.progress(1, 88.0, step_s=1.0) == pytest.approx(88.0 / 90.0)
    assert clock.progress(1, 88.0, step_s=3.0) == 1.0
    assert clock.remaining_s(0.5, 45.0) == 55.0


def test_progress_in_seconds_never_goes_back() -> None:
    clock = Clock(steps=None, budget_s=100.0)
    clock.hold_back(validation_s=40.0, export_s=0.0)
    before = clock.progress(1, 40.0)
    clock.hold_back(validation_s=0.0, export_s=0.0)
    assert clock.progress(1, 40.0) == before
    assert clock.progress(1, 10.0) == before


@pytest.mark.parametrize("length", [{"steps": None, "budget_s": None}, {"steps": 1, "budget_s": 1.0}])
def test_a_run_has_one_length(length: dict[str, None]) -> None:
    with pytest.raises(ValueError, match="exactly one"):
        Clock(**length)
