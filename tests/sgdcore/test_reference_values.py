"""Certified values of the NIST Statistical Reference Datasets (StRD), linear least squares.

Norris: calibration of ozone monitors, 36 observations, lower difficulty. Longley (1967): seven
parameters, famous for columns that are almost dependent, higher difficulty.
"""

from fractions import Fraction

import numpy as np
import pytest

from sgdcore import Objective, estimators, losses, models, newton, optimizers, train

# y, x
NORRIS = """
0.1 0.2    338.8 337.4  118.1 118.2  888.0 884.6  9.2 10.1     228.1 226.5
668.5 666.3  998.5 996.3  449.1 448.6  778.9 777.0  559.2 558.2  0.3 0.4
0.1 0.6    778.1 775.5  668.8 666.9  339.3 338.0  448.9 447.5  10.8 11.6
557.7 556.0  228.3 228.1  998.0 995.8  888.8 887.6  119.6 120.2  0.3 0.3
0.6 0.3    557.6 556.8  339.3 339.1  888.0 887.2  998.5 999.0  778.9 779.0
10.2 11.1  117.6 118.3  228.9 229.2  668.4 669.1  449.2 448.9  0.2 0.5
"""
# employment; price deflator, national product, unemployed, armed forces, population, year
LONGLEY = """
60323  83.0 234289 2356 1590 107608 1947
61122  88.5 259426 2325 1456 108632 1948
60171  88.2 258054 3682 1616 109773 1949
61187  89.5 284599 3351 1650 110929 1950
63221  96.2 328975 2099 3099 112075 1951
63639  98.1 346999 1932 3594 113270 1952
64989  99.0 365385 1870 3547 115094 1953
63761 100.0 363112 3578 3350 116219 1954
66019 101.2 397469 2904 3048 117388 1955
67857 104.6 419180 2822 2857 118734 1956
68169 108.4 442769 2936 2798 120445 1957
66513 110.8 444546 4681 2637 121950 1958
68655 112.6 482704 3813 2552 123366 1959
69564 114.2 502601 3931 2514 125368 1960
69331 115.7 518173 4806 2572 127852 1961
70551 116.9 554894 4007 2827 130081 1962
"""
ROWS = {
    "norris": np.array(NORRIS.split()).reshape(-1, 2),
    "longley": np.array(LONGLEY.split()).reshape(-1, 7),
}
# The weights, then the intercept, to the 15 digits that are certified.
CERTIFIED = {
    "norris": np.array([1.00211681802045, -0.262323073774029]),
    "longley": np.array([
        15.0618722713733, -0.0358191792925910, -2.02022980381683, -1.03322686717359,
        -0.0511041056535807, 1829.15146461355, -3482258.63459582,
    ]),
}  # fmt: skip
RESIDUAL_SQUARES = {"norris": 26.6173985294224, "longley": 836424.055505915}


def samples(name):
    rows = ROWS[name].astype(float)
    return rows[:, 1:], rows[:, 0]


def objective(name):
    return Objective(models.linear(ROWS[name].shape[1] - 1), losses.squared())


def standardised(name):
    """Inputs of mean 0 and deviation 1, and the way back to parameters of the raw inputs."""
    X, y = samples(name)
    centre, scale = X.mean(axis=0), X.std(axis=0)

    def back(theta):
        weights = theta[:-1] / scale
        return np.append(weights, theta[-1] - weights @ centre)

    return ((X - centre) / scale, y), back


def digits(theta, name):
    """The number of right significant digits, of the worst parameter."""
    certified = CERTIFIED[name]
    return -np.log10(np.abs(theta / certified - 1) + 1e-16).max()


def least_squares_in_fractions(rows):
    """The normal equations in exact rational arithmetic, by Gauss and Jordan's elimination."""
    design = [[Fraction(v) for v in row[1:]] + [Fraction(1)] for row in rows]
    target = [Fraction(row[0]) for row in rows]
    size = len(design[0])
    system = [
        [sum(x[i] * x[j] for x in design) for j in range(size)]
        + [sum(x[i] * y for x, y in zip(design, target, strict=True))]
        for i in range(size)
    ]
    for i in range(size):
        system[i] = [value / system[i][i] for value in system[i]]
        for k in range(size):
            if k != i:
                factor = system[k][i]
                system[k] = [a - factor * b for a, b in zip(system[k], system[i], strict=True)]
    return np.array([float(row[size]) for row in system])


@pytest.mark.parametrize("name", ROWS)
def test_the_data_are_those_that_were_certified(name):
    # A wrong digit anywhere in the tables would show.
    rows = [[str(value) for value in row] for row in ROWS[name]]
    assert digits(least_squares_in_fractions(rows), name) > 14


# How many digits can be right: solving with the Hessian loses the logarithm of its condition
# number from the sixteen of float64. That number is 7e5 for Norris and 2e19 for Longley raw, 1 and
# 1.2e4 standardised. (Scaling of the columns alone costs nothing in elimination, hence more than
# none for Longley raw.)


@pytest.mark.parametrize(("name", "expected"), [("norris", 11.5), ("longley", 6)])
def test_newton_on_raw_data(name, expected):
    data = samples(name)
    path = newton.newton(objective(name), np.zeros(CERTIFIED[name].size), data, steps=2)
    assert digits(path.theta[-1], name) > expected
    squares = 2 * len(data[1]) * path.loss[-1]
    assert squares == pytest.approx(RESIDUAL_SQUARES[name], rel=1e-8)


@pytest.mark.parametrize(("name", "expected"), [("norris", 12), ("longley", 10)])
def test_newton_on_standardised_data(name, expected):
    data, back = standardised(name)
    path = newton.newton(objective(name), np.zeros(CERTIFIED[name].size), data, steps=2)
    assert digits(back(path.theta[-1]), name) > expected
    squares = 2 * len(data[1]) * path.loss[-1]
    assert squares == pytest.approx(RESIDUAL_SQUARES[name], rel=1e-11)


def test_gradient_descent_on_standardised_norris():
    data, back = standardised("norris")  # its Hessian is the identity
    history = train(objective("norris"), np.zeros(2), optimizers.sgd(), data, lr=0.9, steps=20)
    assert digits(back(history.final), "norris") > 11.5


@pytest.mark.parametrize("estimator", [estimators.saga(), estimators.svrg(72)])
def test_stochastic_steps_on_standardised_norris(estimator):
    # One sample a step; the variance must vanish, or the noise hides all digits but a few.
    data, back = standardised("norris")
    options = {"lr": 0.1, "batch_size": 1, "epochs": 60, "record_every": 10_000}
    reduced = train(
        objective("norris"), np.zeros(2), optimizers.sgd(), data, estimator=estimator, **options
    )
    assert digits(back(reduced.final), "norris") > 11
    plain = train(objective("norris"), np.zeros(2), optimizers.sgd(), data, **options)
    assert digits(back(plain.final), "norris") < 3


def test_momentum_on_standardised_longley():
    # Polyak's optimal pair for eigenvalues from m to L: 1 - 2/√κ an iteration, 1 - 2/κ without.
    data, back = standardised("longley")
    start = np.zeros(7)
    eigenvalues = np.linalg.eigvalsh(objective("longley").hessian(start, *data))
    assert eigenvalues[-1] / eigenvalues[0] == pytest.approx(12220.01, rel=1e-6)
    low, high = np.sqrt(eigenvalues[[0, -1]])
    options = {"steps": 6000, "record_every": 6000}
    heavy = train(
        objective("longley"), start, optimizers.momentum(((high - low) / (high + low)) ** 2), data,
        lr=4 / (high + low) ** 2, **options,
    )  # fmt: skip
    assert digits(back(heavy.final), "longley") > 11
    plain = train(
        objective("longley"), start, optimizers.sgd(), data, lr=2 / (low**2 + high**2), **options
    )
    assert digits(back(plain.final), "longley") < 2
