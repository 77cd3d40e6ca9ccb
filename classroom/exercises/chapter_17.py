"""The exercises of chapter 17."""

import numpy as np

from classroom.exercises import Exercise, Mistake
from sgdcore import data


def cut(y, p, h, *, first=0, rows=None):
    """Today's value, those before it, and the one h days later; a mistake is passed in."""
    rows = len(y) - p - h + 1 if rows is None else rows
    today = p - 1 + first
    lags = [y[today - k : today - k + rows] for k in range(p)]
    return np.stack([*lags, y[today + h : today + h + rows]], axis=1)


def windows(y, p, h):
    return cut(y, p, h)


def next_day(y, p, h):
    return cut(y, p, 1)


def one_day_early(y, p, h):
    return cut(y, p, h - 1)


def one_day_late(y, p, h):
    return cut(y, p, h + 1)


def last_row_left_out(y, p, h):
    return windows(y, p, h)[:-1]


def first_row_left_out(y, p, h):
    return windows(y, p, h)[1:]


def oldest_first(y, p, h):
    rows = windows(y, p, h)
    return np.concatenate([rows[:, :p][:, ::-1], rows[:, p:]], axis=1)


def newest_row_first(y, p, h):
    return windows(y, p, h)[::-1]


def target_first(y, p, h):
    return np.roll(windows(y, p, h), 1, axis=1)


def with_a_one(y, p, h):
    rows = windows(y, p, h)
    return np.concatenate([np.ones((len(rows), 1)), rows], axis=1)


def one_lag_more(y, p, h):
    return cut(y, p + 1, h)


def lags_h_apart(y, p, h):
    rows = len(y) - (p - 1) * h - h
    lags = [y[(p - 1 - k) * h : (p - 1 - k) * h + rows] for k in range(p)]
    return np.stack([*lags, y[p * h : p * h + rows]], axis=1)


def side_by_side(y, p, h):
    return windows(y, p, h)[::p]


def all_h_days(y, p, h):
    """The targets of all h days that follow."""
    rows = windows(y, p, h)[:, :p]
    later = [y[p - 1 + k : p - 1 + k + len(rows)] for k in range(1, h + 1)]
    return np.concatenate([rows, np.stack(later, axis=1)], axis=1)


def added_up(y, p, h):
    """The target is the sum of the h days that follow."""
    every = all_h_days(y, p, h)
    return np.concatenate([every[:, :p], every[:, p:].sum(axis=1, keepdims=True)], axis=1)


def without_the_target(y, p, h):
    return windows(y, p, h)[:, :p]


def columns_for_rows(y, p, h):
    return windows(y, p, h).T


def round_the_end(y, p, h):
    """`np.roll` brings the end of the series back to its beginning."""
    lags = [np.roll(y, k) for k in range(p)]
    return np.stack([*lags, np.roll(y, -h)], axis=1)


def series(rng):
    """A few days, values for two rows only, longer series, a whole week ahead."""
    for n, p, h in ((5, 1, 2), (6, 3, 1), (6, 2, 3), (15, 4, 3), (30, 3, 7)):
        yield rng.permutation(np.arange(1, 10 * n, 10)[:n]).astype(float), p, h


SPOTS = data.sunspots()[1]
RATES = np.arange(1, 40) / 20


def smoothing_errors(rate, start=SPOTS[0]):
    level, missed = start, []
    for seen in SPOTS[1:]:
        missed.append(seen - level)
        level = level + rate * missed[-1]
    return np.array(missed)


def best(score, rates=RATES, start=SPOTS[0]):
    scores = [score(smoothing_errors(rate, start)) for rate in rates]
    return rates[int(np.argmin(scores))], min(scores)


def root_mean_square(errors):
    return np.sqrt((errors**2).mean())


RATE, ERROR = best(root_mean_square)
BELOW_ONE = best(root_mean_square, RATES[RATES < 1])
UP_TO_ONE = best(root_mean_square, RATES[RATES <= 1])
FROM_MEAN = best(root_mean_square, start=SPOTS.mean())
ABSOLUTE = best(lambda errors: abs(errors).mean())

EXERCISES = {
    "17-e1": Exercise(
        asked="a forecast, a rate and a width",
        reference=(7.25, 0.5, 11.6),
        tests=(
            "Test it: `forecast_then_step` of the chapter, with a column of ones.",
            "Test it: `error_of` of the chapter, a little to the left and to the right.",
            "Test it: `miss_then_step` of the chapter returns the last width.",
        ),
        mistakes=(
            Mistake(
                "the forecast is the plain mean of what was seen",
                (22 / 3, ..., ...),
                "A constant rate weighs late values more.",
            ),
            Mistake(
                "the forecast is the mean of all, the start included",
                (6.0, ..., ...),
                "A constant rate weighs late values more.",
            ),
            Mistake(
                "the forecast is the last value",
                (10.0, ..., ...),
                "That is the rate 1. How far does the level move with one half?",
            ),
            Mistake(
                "that is the forecast of the third value, not of the one after it",
                (4.5, ..., ...),
                "The level takes a step after the last value too.",
            ),
            Mistake(
                "the level starts at the first value",
                (8.0, ..., ...),
                "Where does the level start here? Then it takes three steps.",
            ),
            Mistake(
                "the start is left out of the weighted sum",
                (7.0, ..., ...),
                "What is the sum of the weights of the three values? Who has the rest?",
            ),
            Mistake(
                "the values come in the reversed order",
                (6.5, ..., ...),
                "Which of the three was seen last?",
            ),
            Mistake(
                "the level is pushed away from what was seen",
                (-10.25, ..., ...),
                "The forecast was too low. Should the level rise or fall?",
            ),
            Mistake(
                "the rate is twice the best one, or has a wrong sign",
                (..., 1.0, ...),
                "Look at what is divided by 2, and at the sign in front of q.",
            ),
            Mistake(
                "that is the least error in units of V, not the rate",
                (..., 2.0, ...),
                "The least error was not asked for here, but the rate that has it.",
            ),
            Mistake(
                "only a part of the formula for the rate is divided by 2",
                (..., 1.25, ...),
                "Look at what is divided by 2.",
            ),
            Mistake(
                "the factor 4 is missing under the root",
                (..., (0.75**0.5 - 0.5) / 2, ...),
                "Look under the root.",
            ),
            Mistake(
                "drift and noise are exchanged: that is the rate for q = 2",
                (..., 3**0.5 - 1, ...),
                "Which of the two variances is half of the other?",
            ),
            Mistake(
                "q is not subtracted from the root",
                (..., 0.75, ...),
                "There are two terms above the fraction bar.",
            ),
            Mistake(
                "that is q divided by 1 + q",
                (..., 1 / 3, ...),
                "The best rate solves a quadratic equation in the rate.",
            ),
            Mistake(
                "that is the width after the first of the two errors",
                (..., ..., 11.8),
                "The second error is no miss. What does the width do then?",
            ),
            Mistake(
                "no error is taken for a miss",
                (..., ..., 9.6),
                "Is 12 inside an interval of half-width 10?",
            ),
            Mistake(
                "both errors are taken for misses",
                (..., ..., 13.6),
                "Is 3 outside an interval of half-width 11.8?",
            ),
            Mistake(
                "the width goes the wrong way, or the share of misses is taken for that of hits",
                (..., ..., 8.4),
                "After a miss the interval must become wider, and by how much?",
            ),
            Mistake(
                "the rate of the width is not used",
                (..., ..., 10.8),
                "Multiply each step by the rate.",
            ),
            Mistake(
                "the share is not subtracted",
                (..., ..., 12.0),
                "Even a width that never misses must move.",
            ),
            Mistake(
                "the step is as long as the excess of the error",
                (..., ..., 13.4),
                "The step asks whether it missed, not by how much.",
            ),
        ),
    ),
    "17-e2": Exercise(
        asked="a function that returns the windows and, in the last column, what is to be forecast",
        reference=windows,
        cases=series,
        about="series of 5 to 30 numbers, 1 to 4 lags, 1 to 7 days ahead",
        mistakes=(
            Mistake(
                "the target is the next day, whatever h is",
                next_day,
                "Goods that are ordered today arrive in h days.",
            ),
            Mistake(
                "the target is one day early, and for h = 1 it is among the inputs",
                one_day_early,
                "For h = 1 the last column must be tomorrow. Is it today in yours?",
            ),
            Mistake(
                "the target is one day late, or the value of today is not used",
                one_day_late,
                "For h = 1 a row begins with today and ends with tomorrow. Does yours?",
            ),
            Mistake(
                "the last row is missing",
                last_row_left_out,
                "The last number of the series can be a target. Is it one in yours?",
            ),
            Mistake(
                "the first row is missing",
                first_row_left_out,
                "The first number of the series can be an input. Is it one in yours?",
            ),
            Mistake(
                "the oldest value comes first in a row",
                oldest_first,
                "A row begins with today.",
            ),
            Mistake(
                "the rows run backwards in time",
                newest_row_first,
                "The first row belongs to the first day that has p values.",
            ),
            Mistake(
                "the target is in the first column",
                target_first,
                "In which column was the target to stand?",
            ),
            Mistake(
                "there is a column of ones in front",
                with_a_one,
                "The chapter's `lagged` has one. Was it asked for here?",
            ),
            Mistake(
                "a row has one value too many",
                one_lag_more,
                "How many values before the target were asked for?",
            ),
            Mistake(
                "the values in a row are h days apart",
                lags_h_apart,
                "The last p values are neighbours. Only the target is h days away.",
            ),
            Mistake(
                "the windows stand side by side, without overlap",
                side_by_side,
                "There is a row for every day, not one for every p days.",
            ),
            Mistake(
                "all h days that follow are in the row",
                all_h_days,
                "One value was asked for, that of the day the goods arrive.",
            ),
            Mistake(
                "the target is the sum of the h days that follow",
                added_up,
                "One day's value was asked for, that of the day the goods arrive.",
            ),
            Mistake(
                "the column with the target is missing",
                without_the_target,
                "What is to be forecast belongs into the last column.",
            ),
            Mistake(
                "rows and columns are exchanged",
                columns_for_rows,
                "One row a day.",
            ),
            Mistake(
                "the end of the series comes back at its beginning",
                round_the_end,
                "np.roll goes round. What was sold on the day before the first?",
            ),
        ),
    ),
    "17-e3": Exercise(
        asked="the best rate, and its root mean square error in spots, both to within 0.5 %",
        reference=(float(RATE), float(ERROR)),
        tests=(
            "Test it: with the rate 1 the forecast is the last value.",
            "Test it: with the rate 1 the error is that of `np.diff`.",
        ),
        rtol=0.005,
        mistakes=(
            Mistake(
                "that is the best rate below 1",
                BELOW_ONE,
                "The question goes on above 1.",
            ),
            Mistake(
                "rates above 1 were not tried",
                UP_TO_ONE,
                "The question goes on above 1.",
            ),
            Mistake(
                "the level is compared after its step, when it has seen the value",
                (1.0, 0.0),
                "Write the forecast down before the step.",
            ),
            Mistake(
                "that is the mean absolute error",
                tuple(map(float, ABSOLUTE)),
                "The root of the mean square was asked for.",
            ),
            Mistake(
                "the level starts at the mean of all the years",
                tuple(map(float, FROM_MEAN)),
                "Nobody knew that mean in 1700. Where does the level start here?",
            ),
            Mistake(
                "the error is in hundreds of spots",
                (..., float(ERROR / 100)),
                "It was asked for in spots.",
            ),
            Mistake(
                "the root is missing",
                (..., float(ERROR**2)),
                "Your error is in spots squared.",
            ),
            Mistake(
                "that is half the mean square, the loss",
                (..., float(ERROR**2 / 2)),
                "The root mean square error was asked for, not the loss.",
            ),
            Mistake(
                "that is the best rate's number in the list, not the rate",
                (float(np.argmin(abs(RATES - RATE))), ...),
                "Look the rate up in your list.",
            ),
            Mistake(
                "that is the worst rate",
                (1.95, ...),
                "A small error is better than a large one.",
            ),
        ),
    ),
}
