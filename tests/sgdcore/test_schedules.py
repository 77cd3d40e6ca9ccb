"""Schedules against their formulas, written out for one rate and one step at a time."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sgdcore import schedules


def naive_cosine(lr, t, length, end):
    return end + 0.5 * (lr - end) * (1 + math.cos(math.pi * min(t, length) / length))


def naive_restarts(lr, t, length, end, restarts, factor):
    for _ in range(restarts):
        if t < length:
            break
        t, length = t - length, length * factor
    return naive_cosine(lr, t, length, end)


def naive_warmup(lr, t, steps, after, start=0.0):
    return start + (after(lr, 0) - start) * t / steps if t < steps else after(lr, t - steps)


def naive_stages(lr, t):
    if t < 5:
        return lr * t / 5
    return lr if t < 12 else 0.02 + (lr - 0.02) * max(0, 20 - t) / 8


def naive_cycle(lr, t, length=20, up=6, divide=25.0, end=0.0):
    if t < up:
        return lr / divide + (lr - lr / divide) * (1 - math.cos(math.pi * t / up)) / 2
    return naive_cosine(lr, t - up, length - up, end)


# name -> (the schedule of a rate, its naive form of a rate and a step, the steps where it bends)
SCHEDULES = {
    "constant": (schedules.constant, lambda lr, t: lr, ()),
    "inverse time": (
        lambda lr: schedules.inverse_time(lr, 0.3), lambda lr, t: lr / (1 + 0.3 * t), ()
    ),
    "power": (lambda lr: schedules.power(lr, 0.75), lambda lr, t: lr / (t + 1) ** 0.75, ()),
    "exponential": (
        lambda lr: schedules.exponential(lr, 0.9), lambda lr, t: lr * 0.9**t, ()
    ),
    "exponential, every 4": (
        lambda lr: schedules.exponential(lr, 0.5, every=4), lambda lr, t: lr * 0.5 ** (t / 4), (4,)
    ),
    "staircase": (
        lambda lr: schedules.exponential(lr, 0.5, every=4, staircase=True),
        lambda lr, t: lr * 0.5 ** (t // 4), (4, 8),
    ),
    "linear": (
        lambda lr: schedules.linear(lr, 10, end=0.02),
        lambda lr, t: lr + (0.02 - lr) * min(t, 10) / 10, (10,),
    ),
    "linear to zero": (
        lambda lr: schedules.linear(lr, 7), lambda lr, t: lr * max(0, 7 - t) / 7, (7,)
    ),
    "polynomial": (
        lambda lr: schedules.polynomial(lr, 10, exponent=3.0, end=0.02),
        lambda lr, t: (lr - 0.02) * (1 - min(t, 10) / 10) ** 3 + 0.02, (10,),
    ),
    "polynomial, plain": (
        lambda lr: schedules.polynomial(lr, 10),
        lambda lr, t: lr * (1 - min(t, 10) / 10) ** 2, (10,),
    ),
    "cosine": (
        lambda lr: schedules.cosine(lr, 10, end=0.02),
        lambda lr, t: naive_cosine(lr, t, 10, 0.02), (5, 10),
    ),
    "restarts": (
        lambda lr: schedules.cosine(lr, 5, end=0.01, restarts=2, factor=3),
        lambda lr, t: naive_restarts(lr, t, 5, 0.01, 2, 3), (5, 20, 65),
    ),
    "restarts of one length": (
        lambda lr: schedules.cosine(lr, 5, restarts=3),
        lambda lr, t: naive_restarts(lr, t, 5, 0.0, 3, 1), (5, 10, 15, 20),
    ),
    "piecewise": (
        lambda lr: schedules.piecewise(lr, [3, 7, 8], [0.5, 0.1, 3.0]),
        lambda lr, t: lr * (0.5 if t >= 3 else 1) * (0.1 if t >= 7 else 1) * (3 if t >= 8 else 1),
        (3, 7, 8),
    ),
    "stages": (
        lambda lr: schedules.warmup_stable_decay(
            lr, warmup_steps=5, stable_steps=7, decay_steps=8, end=0.02
        ),
        naive_stages, (5, 12, 20),
    ),
    "one cycle": (lambda lr: schedules.one_cycle(lr, 20), naive_cycle, (6, 20)),
    "one steep cycle": (
        lambda lr: schedules.one_cycle(lr, 20, rise=0.55, divide=4.0, end=0.01),
        lambda lr, t: naive_cycle(lr, t, 20, 11, 4.0, 0.01), (11, 20),
    ),
}  # fmt: skip
SHORT = {
    "a cycle of two": (
        lambda lr: schedules.one_cycle(lr, 2), lambda lr, t: naive_cycle(lr, t, 2, 1)
    ),
    "a cycle that hardly falls": (
        lambda lr: schedules.one_cycle(lr, 4, rise=0.99), lambda lr, t: naive_cycle(lr, t, 4, 3)
    ),
    "one step": (lambda lr: schedules.linear(lr, 1), lambda lr, t: lr * (t == 0)),
    "no piece": (lambda lr: schedules.piecewise(lr, [], []), lambda lr, t: lr),
    "a first piece of one step": (
        lambda lr: schedules.piecewise(lr, [1], [0.5]), lambda lr, t: lr * (0.5 if t else 1)
    ),
    "stages to zero": (
        lambda lr: schedules.warmup_stable_decay(
            lr, warmup_steps=1, stable_steps=1, decay_steps=2
        ),
        lambda lr, t: lr * [0, 1, 1, 0.5, 0, 0][t],
    ),
}  # fmt: skip
EVERY = pytest.mark.parametrize("name", SCHEDULES)


def steps_of(name):
    """0, 1, both sides of every boundary, and far beyond the last."""
    bends = SCHEDULES[name][2]
    return sorted({0, 1, 2, 100, 10_000} | {b + d for b in bends for d in (-1, 0, 1)})


@EVERY
@pytest.mark.parametrize("lr", [0.3, 0.05])
def test_a_schedule_is_its_formula(name, lr):
    make, naive, _ = SCHEDULES[name]
    for t in steps_of(name):
        assert make(lr)(t) == pytest.approx(naive(lr, t), rel=1e-12, abs=1e-17), t


@pytest.mark.parametrize("name", SHORT)
def test_short_schedules_are_their_formulas_too(name):
    make, naive = SHORT[name]
    for t in range(6):
        assert make(0.3)(t) == pytest.approx(naive(0.3, t), rel=1e-12, abs=1e-17), t


@EVERY
@pytest.mark.parametrize("start", [0.0, 0.01])
def test_a_warmup_rises_in_a_line_and_then_hands_over_at_step_0(name, start):
    make, naive, _ = SCHEDULES[name]
    warmed = schedules.warmup(make(0.3), 4, start=start)
    for t in [0, 1, 3, 4, 5, *(4 + step for step in steps_of(name))]:
        expected = naive_warmup(0.3, t, 4, naive, start)
        assert warmed(t) == pytest.approx(expected, rel=1e-12, abs=1e-17), t


def test_a_warmup_does_not_ask_for_steps_before_the_first():
    with np.errstate(all="raise"):  # 1 / (1 + t) at t = -1
        schedules.warmup(schedules.inverse_time(0.3, 1.0), 4)(np.arange(9))


@EVERY
@pytest.mark.parametrize("warmed", [False, True])
def test_arrays_of_steps_and_of_rates_give_tables(name, warmed):
    make, naive, _ = SCHEDULES[name]
    of_rate = (lambda lr: schedules.warmup(make(lr), 3)) if warmed else make
    steps, rates = np.array(steps_of(name)), np.array([[0.1], [0.2]])
    assert of_rate(0.1)(steps).shape == steps.shape
    assert np.shape(of_rate(0.1)(3)) == ()
    assert of_rate(rates)(3).shape == (2, 1)
    assert of_rate(rates[None])(3).shape == (1, 2, 1)
    table = of_rate(rates)(steps)
    assert table.shape == (2, steps.size)
    for r, t in np.ndindex(table.shape):
        assert table[r, t] == pytest.approx(of_rate(rates[r, 0])(steps[t]), rel=1e-14, abs=0)
    assert steps.tolist() == steps_of(name)
    assert rates.tolist() == [[0.1], [0.2]]


@EVERY
def test_a_bad_rate_is_named(name):
    make = SCHEDULES[name][0]
    for bad in (0, -1, np.nan, np.inf, np.array([[0.1], [0.0]])):
        with pytest.raises(ValueError, match="lr must be finite and > 0"):
            make(bad)
    with pytest.raises(ValueError, match=r"shape \(2,\)"):
        make(np.array([0.1, 0.2]))


@pytest.mark.parametrize("name", ["linear", "polynomial", "cosine", "stages", "one steep cycle"])
def test_ends_are_met_exactly(name):
    make, _, bends = SCHEDULES[name]
    last = make(0.3)(bends[-1])
    assert last == make(0.3)(10**6) == (0.01 if "steep" in name else 0.02)
    assert make(0.3)(bends[-1] - 1) > last


def test_the_rates_of_robbins_and_monro():
    # Partial sums of 1/(t+1)^p: unbounded for p ≤ 1, of the squares bounded for p > ½.
    t = np.arange(200_000)
    rates = schedules.power(1.0, 1.0)(t)
    assert rates.sum() == pytest.approx(math.log(200_000) + 0.5772156649, abs=1e-5)
    assert (rates**2).sum() == pytest.approx(math.pi**2 / 6, abs=1e-5)


@settings(max_examples=60, deadline=None)
@given(
    lr=st.floats(1e-6, 10), steps=st.integers(1, 40), restarts=st.integers(0, 3),
    factor=st.integers(1, 3), end=st.floats(0, 1e-6), t=st.integers(0, 3000),
)  # fmt: skip
def test_restarts_follow_the_naive_count(lr, steps, restarts, factor, end, t):
    schedule = schedules.cosine(lr, steps, end=end, restarts=restarts, factor=factor)
    expected = naive_restarts(lr, t, steps, end, restarts, factor)
    assert schedule(t) == pytest.approx(expected, rel=1e-9, abs=1e-12 * lr)


@settings(max_examples=60, deadline=None)
@given(
    steps=st.integers(2, 60), rise=st.floats(0.01, 0.99), divide=st.floats(1.01, 1e3),
)  # fmt: skip
def test_one_cycle_has_one_peak(steps, rise, divide):
    rates = schedules.one_cycle(0.5, steps, rise=rise, divide=divide)(np.arange(steps + 3))
    peak = int(rates.argmax())
    assert rates[peak] == 0.5
    assert (np.diff(rates[: peak + 1]) > 0).all()
    assert (np.diff(rates[peak : steps + 1]) < 0).all()
    assert rates[0] == 0.5 / divide
    assert abs(peak - rise * steps) <= 1
    assert rates[steps:].tolist() == [0, 0, 0]


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda bad: schedules.inverse_time(0.1, bad), "decay must be"),
        (lambda bad: schedules.power(0.1, bad), "exponent must be"),
        (lambda bad: schedules.exponential(0.1, bad), "decay must be"),
        (lambda bad: schedules.exponential(0.1, 0.5, every=bad), "every must be"),
        (lambda bad: schedules.linear(0.1, bad), "steps must be"),
        (lambda bad: schedules.polynomial(0.1, bad), "steps must be"),
        (lambda bad: schedules.polynomial(0.1, 5, exponent=bad), "exponent must be"),
        (lambda bad: schedules.cosine(0.1, bad), "steps must be"),
        (lambda bad: schedules.cosine(0.1, 5, factor=bad), "factor must be"),
        (lambda bad: schedules.warmup(schedules.constant(0.1), bad), "steps must be"),
        (
            lambda bad: schedules.warmup_stable_decay(
                0.1, warmup_steps=bad, stable_steps=1, decay_steps=1
            ),
            "steps must be",
        ),
        (
            lambda bad: schedules.warmup_stable_decay(
                0.1, warmup_steps=1, stable_steps=bad, decay_steps=1
            ),
            "stable_steps must be",
        ),
        (
            lambda bad: schedules.warmup_stable_decay(
                0.1, warmup_steps=1, stable_steps=1, decay_steps=bad
            ),
            "steps must be",
        ),
        (lambda bad: schedules.one_cycle(0.1, bad), "steps must be"),
        (lambda bad: schedules.one_cycle(0.1, 9, rise=bad), "rise must be"),
        (lambda bad: schedules.one_cycle(0.1, 9, divide=bad), "divide must be"),
    ],
)
def test_settings_that_must_be_above_zero_are_named(make, message):
    for bad in (0, -1, np.nan, "some"):
        with pytest.raises(ValueError, match=message):
            make(bad)


def test_other_settings_out_of_range_are_named():
    for bad in (-0.1, np.nan):
        for make in (
            lambda end: schedules.linear(0.1, 5, end=end),
            lambda end: schedules.polynomial(0.1, 5, end=end),
            lambda end: schedules.cosine(0.1, 5, end=end),
            lambda end: schedules.one_cycle(0.1, 5, end=end),
        ):
            with pytest.raises(ValueError, match="end must be"):
                make(bad)
        with pytest.raises(ValueError, match="start must be"):
            schedules.warmup(schedules.constant(0.1), 5, start=bad)
        with pytest.raises(ValueError, match="restarts must be"):
            schedules.cosine(0.1, 5, restarts=bad)
    for bad in (1, 1.1):
        with pytest.raises(ValueError, match="decay must be"):
            schedules.exponential(0.1, bad)
        with pytest.raises(ValueError, match="rise must be"):
            schedules.one_cycle(0.1, 5, rise=bad)
    with pytest.raises(ValueError, match="steps must be a whole number >= 2"):
        schedules.one_cycle(0.1, 1)
    with pytest.raises(ValueError, match="restarts must be a whole number >= 0"):
        schedules.cosine(0.1, 5, restarts=-1)
    with pytest.raises(ValueError, match="divide must be"):
        schedules.one_cycle(0.1, 5, divide=1)
    for bad in ([5, 3], [3, 3], [0, 3], [-1, 3]):
        with pytest.raises(ValueError, match="boundaries must rise and be at least 1"):
            schedules.piecewise(0.1, bad, [0.5, 0.5])
    for boundaries, factors in (
        ([3], [0.5, 0.5]), ([3, 5], [0.5]), ([[3]], [[0.5]]), (3, 0.5),
    ):  # fmt: skip
        with pytest.raises(ValueError, match="sequences of one length"):
            schedules.piecewise(0.1, boundaries, factors)
    for bad in (0, -1, np.nan, np.inf):
        with pytest.raises(ValueError, match="factors must be above 0"):
            schedules.piecewise(0.1, [3], [bad])
