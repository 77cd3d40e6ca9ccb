"""Draw the explorers' still figures with sgdcore, and measure the numbers their answers quote.

    python book/_tools/stills.py

The figures go to ``book/explorers/stills``, their descriptions and the numbers to
``book/explorers/measured.json``. They start from the settings in ``scenes.json``, as the scripts
in the page do.
"""

import json
from pathlib import Path

import numpy as np

from sgdcore import optimizers, plots, problems, schedules, train, tune

HERE = Path(__file__).parents[1] / "explorers"
SCENES = json.loads((HERE / "scenes.json").read_text(encoding="utf-8"))["scenes"]
SEEDS = range(64)
TUNING_SEEDS = range(100_000, 100_008)
BUDGET = 1024  # sample gradients of a descent
GOAL = 1e-6
STEPS = {"curvature": 200, "schedules": 400, "race": 300}
SCHEDULES = {
    "constant": schedules.constant,
    "inverse time": lambda lr: schedules.inverse_time(lr, 9 / STEPS["schedules"]),
    "exponential": lambda lr: schedules.exponential(lr, 0.01 ** (1 / STEPS["schedules"])),
    "linear": lambda lr: schedules.linear(lr, STEPS["schedules"]),
    "cosine": lambda lr: schedules.cosine(lr, STEPS["schedules"]),
    "compounding (mistake 9)": lambda lr: lambda t: lr * 0.9 ** (t * (t + 1) / 2),
}
OPTIMIZERS = {
    "SGD": optimizers.sgd(),
    "momentum": optimizers.momentum(0.9),
    "Nesterov": optimizers.nesterov(0.9),
    "AdaGrad": optimizers.adagrad(),
    "RMSprop": optimizers.rmsprop(),
    "Adam": optimizers.adam(),
}


def noisy(problem, scale):
    return problems.noisy(problem, problems.additive(scale)) if scale else problem


def turned(condition, degrees):
    """A quadratic with eigenvalues 1/κ and 1, its axes turned, and a start that turns with it."""
    angle = np.deg2rad(degrees)
    axes = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    hessian = axes @ np.diag([1 / condition, 1]) @ axes.T
    problem = problems.Quadratic(
        minimum=np.zeros(2),
        function=lambda theta: 0.5 * np.vecdot(theta, theta @ hessian),
        gradient=lambda theta, rngs: theta @ hessian,
        hessian=hessian,
    )
    return problem, axes @ np.array([-3.0, 1.0])


def look_of(k):
    """The look of line k of six; the last is black, as light blue is near to the first's blue."""
    k = 6 if k == 5 else k
    return {"color": plots.COLOURS[k], "linestyle": plots.DASHES[k]}


def plane(ax, problem, xlim=(-4, 4), ylim=(-3, 3)):
    plots.contours(ax, problem.value, xlim, ylim)
    ax.plot(*problem.minimum, "*", color="black", markersize=11)
    ax.set(xlabel=r"$\theta_1$", ylabel=r"$\theta_2$")


# --- Descent, with and without noise.


def descend(scene, **changes):
    """The runs of a descent scene, and its problem; ``changes`` of its settings on top."""
    wanted = {**SCENES[scene]["settings"], **changes}
    problem = problems.quadratic(wanted["condition"])
    run = train(
        noisy(problem, wanted["noise"] / wanted["batch"] ** 0.5),
        np.array(wanted["start"], dtype=float),
        optimizers.momentum(wanted["momentum"]),
        lr=wanted["rate"],
        steps=BUDGET // wanted["batch"],
        seeds=SEEDS if wanted["noise"] else range(1),
        record_theta=True,
    )
    return run, problem, wanted


def draw_descent(scene):
    run, problem, wanted = descend(scene)
    fig, (left, right) = plots.figure(columns=2, width=7.6, height=3.4)
    plane(left, problem)
    plots.trajectory(left, run.theta[0], "one run", markersize=3)
    label = "64 runs" if wanted["noise"] else "the run"
    plots.bands(right, run.step * wanted["batch"], run.loss, label)
    right.set(yscale="log", xlabel="sample gradients", ylabel=r"$f(\theta)-f^\star$")
    return fig


def measure_descent():
    def needed(**changes):
        loss = descend("descent", **changes)[0].loss[0]
        return int(np.argmax(loss < GOAL)) if (loss < GOAL).any() else np.inf

    def off_the_ridge(noise):
        problem = problems.saddle()
        ends = train(
            noisy(problem, noise), np.array([-1.5, 0.0]), optimizers.sgd(), lr=0.1, steps=BUDGET,
            seeds=SEEDS if noise else range(1), record_every=BUDGET,
        ).loss[:, -1]
        return ends - problem.value(problem.minimum)

    rates = np.arange(0.01, 2.0, 0.01)
    counts = [needed(rate=rate) for rate in rates]
    return {
        "one": needed(rate=1.0),
        "close": needed(rate=1.98),
        "best_rate": rates[np.argmin(counts)],
        "best": min(counts),
        "momentum": needed(rate=3.3, momentum=0.67),
        "ridge": off_the_ridge(0)[0],
        "ridge_noise": np.max(off_the_ridge(0.05)),
    }


def measure_noise():
    def last_quarter(**changes):
        loss = descend("noise", **changes)[0].loss
        return loss[:, -(loss.shape[1] // 4) :].mean(axis=-1)

    plain = last_quarter()
    others = {
        "from_minimum": {"start": [0, 0]},
        "tenth_rate": {"rate": 0.01},
        "batch": {"batch": 16},
        "batch_and_rate": {"batch": 16, "rate": 1.6},
        "momentum": {"momentum": 0.9},
    }
    ends = {name: last_quarter(**changes) for name, changes in others.items()}
    higher = [100 * np.mean(ends[name] > plain) for name in others if name != "from_minimum"]
    medians = {name: np.median(end) for name, end in ends.items()}
    return {"far": np.median(plain), **medians, "least_higher": min(higher)}


# --- Rate against curvature.


def left_of_excess(lr, d):
    """Share of the excess risk that runs of SGD leave; curvatures 1, one sample, no noise."""
    problem = problems.gaussian_regression(
        np.ones(d), noise=0, batch_size=1, minimum=np.full(d, d**-0.5)
    )
    loss = train(
        problem, np.zeros(d), optimizers.sgd(), lr=lr, steps=STEPS["curvature"], seeds=SEEDS,
        record_every=10,
    ).loss
    return loss / loss[:, :1]


def mean_left(rates, d):
    """Its exact mean at the end, by the recursion of theorem 6.1."""
    return (1 - 2 * rates + rates**2 * (d + 2)) ** STEPS["curvature"]


def draw_curvature(scene):
    wanted, steps = SCENES[scene]["settings"], STEPS["curvature"]
    d = wanted["inputs"]
    limit = 2 / (d + 2)
    fig, (left, right) = plots.figure(columns=2, width=7.6, height=3.4)
    rates = np.geomspace(1e-3, 4, 91)
    left.plot(rates, np.clip(mean_left(rates, d), 1e-9, 1e5), label="SGD, mean")
    left.plot(rates, np.clip((1 - rates) ** (2 * steps), 1e-9, 1e5), label="GD")
    left.axvline(limit, color="black", ls=":", label="SGD's limit")
    left.set(xscale="log", yscale="log", ylim=(1e-8, 1e4), xlabel=r"learning rate $\eta$",
             ylabel=f"share of the excess after {steps} steps")
    left.legend(loc="lower left", fontsize=8.5)
    runs = left_of_excess(wanted["rate"], d)
    plots.bands(right, np.arange(0, steps + 1, 10), runs, rf"$\eta={wanted['rate']}$, 64 runs")
    right.set(yscale="log", xlabel="step $t$", ylabel="share of the excess")
    return fig


def measure_curvature():
    runs = left_of_excess(0.6, 2)[:, -1]
    return {
        "limit": 2 / 22,
        "mean_beyond": mean_left(0.6, 2),
        "median_beyond": np.median(runs),
        "highest_beyond": np.max(runs),
        "lower_beyond": np.sum(runs < 1),
    }


# --- Schedules.


def mean_excess(rates, wanted):
    """The exact mean excess of theorem 7.1 after 0, 1, …, T steps from (-3, 1.5)."""
    curvatures = np.array([1 / wanted["spread"], 1])
    squares = np.array([-3.0, 1.5]) ** 2
    curve = [0.5 * curvatures @ squares]
    for lr in rates:
        squares = (1 - lr * curvatures) ** 2 * squares + (lr * wanted["noise"]) ** 2
        curve.append(0.5 * curvatures @ squares)
    return np.array(curve)


def schedule_curves(**changes):
    wanted = {**SCENES["schedules"]["settings"], **changes}
    t = np.arange(STEPS["schedules"])
    return {
        name: mean_excess(make(wanted["rate"])(t), wanted) for name, make in SCHEDULES.items()
    }


def draw_schedules(scene):
    t = np.arange(STEPS["schedules"] + 1)
    fig, (left, right) = plots.figure(columns=2, width=7.6, height=3.6)
    curves = schedule_curves()
    for k, (name, make) in enumerate(SCHEDULES.items()):
        look = look_of(k)
        left.plot(t, make(SCENES[scene]["settings"]["rate"])(t), label=name, **look)
        right.plot(t, curves[name], **look)
    left.set(xlabel="step $t$", ylabel=r"$\eta_t$", ylim=(-0.005, 0.4))
    left.legend(loc="upper right", fontsize=8.5)
    right.set(yscale="log", xlabel="step $t$", ylabel="mean excess")
    return fig


def inside_the_ball(name, t):
    """Per cent of the runs within two standard deviations of where the rate of step t rests."""
    wanted = SCENES["schedules"]["settings"]
    problem = problems.quadratic(wanted["spread"])
    schedule = SCHEDULES[name](wanted["rate"])
    run = train(
        noisy(problem, wanted["noise"]), np.array([-3.0, 1.5]), optimizers.sgd(), lr=schedule,
        steps=t, seeds=SEEDS, record_every=t,
    )
    curvatures, lr = np.diag(problem.hessian), schedule(t)
    variances = lr * wanted["noise"] ** 2 / (curvatures * (2 - lr * curvatures))
    return 100 * np.mean((run.final**2 / variances).sum(axis=-1) <= 4)


def measure_schedules():
    numbers = {}
    half = STEPS["schedules"] // 2
    for place, rate in (("small", 0.03), ("middle", 0.2), ("large", 0.8)):
        for name, curve in schedule_curves(rate=rate).items():
            word = name.split()[0]
            numbers |= {f"{place}_{word}": curve[-1], f"{place}_half_{word}": curve[half]}
    numbers["inside_exponential"] = inside_the_ball("exponential", half)
    rates = np.geomspace(0.01, 1.5, 61)
    ends = {name: [schedule_curves(rate=rate)[name][-1] for rate in rates] for name in SCHEDULES}
    for name, curve in ends.items():
        word = name.split()[0]
        numbers |= {f"tuned_{word}": min(curve), f"tuned_rate_{word}": rates[np.argmin(curve)]}
    return numbers


# --- The race.


def race(turn, noise):
    """For each optimiser its tuned rate and the losses of its runs, one row a run."""
    problem, start = turned(SCENES["race"]["settings"]["condition"], turn)
    problem = noisy(problem, noise)
    steps, results = STEPS["race"], {}

    def run(optimizer, lr, seeds, every):
        return train(
            problem, start, optimizer, lr=lr, steps=steps, seeds=seeds, record_every=every
        ).loss

    for name, optimizer in OPTIMIZERS.items():
        best = tune(
            lambda lr, seeds, optimizer=optimizer: run(optimizer, lr, seeds, steps)[..., -1],
            np.geomspace(1e-5, 1e2, 36),
            TUNING_SEEDS,
        )
        results[name] = best.lr, run(optimizer, best.lr, SEEDS if noise else range(1), 1)
    return results


def draw_race(scene):
    wanted = SCENES[scene]["settings"]
    fig, ax = plots.figure(width=7.6, height=3.6)
    results = race(wanted["turn"], wanted["noise"])
    for k, (name, (lr, losses)) in enumerate(results.items()):
        curve = np.maximum(np.median(losses, axis=0), 1e-12)
        ax.plot(curve, label=rf"{name}, $\eta={lr:.2g}$", **look_of(k))
    ax.set(yscale="log", ylim=(1e-12, 1e2), xlabel="gradient evaluations",
           ylabel=r"$f(\theta)-f^\star$")
    return fig


def measure_race():
    def ends(turn, noise):
        return {name: np.median(runs[:, -1]) for name, (_, runs) in race(turn, noise).items()}

    straight, turned_by = ends(0, 0), ends(45, 0)
    noisy_ends = np.array([runs[:, -1] for _, runs in race(0, 0.1).values()])
    medians = np.median(noisy_ends, axis=-1)
    best = medians.argmin()
    return {
        "straight_sgd": straight["SGD"],
        "straight_adagrad": straight["AdaGrad"],
        "turned_sgd": turned_by["SGD"],
        "turned_adagrad": turned_by["AdaGrad"],
        "noise_lowest": medians[best],
        "noise_highest": medians.max(),
        "noise_ratio": medians.max() / medians[best],
        "noise_best_wins": np.sum(noisy_ends.argmin(axis=0) == best),
    }


DRAW = {"descent": draw_descent, "curvature": draw_curvature,
        "schedules": draw_schedules, "race": draw_race}
MEASURE = {"descent": measure_descent, "noise": measure_noise, "curvature": measure_curvature,
           "schedules": measure_schedules, "race": measure_race}


def measure(scene):
    with np.errstate(all="ignore"):
        return {name: float(value) for name, value in MEASURE[scene]().items()}


def draw(scene):
    with np.errstate(all="ignore"):
        fig = DRAW[SCENES[scene]["kind"]](scene)
    for ax in fig.axes:
        if ax.get_legend_handles_labels()[1]:
            (ax.get_legend() or ax.legend()).set_frame_on(False)
    return fig


def main():
    found = {}
    (HERE / "stills").mkdir(exist_ok=True)
    for scene in SCENES:
        fig = draw(scene)
        fig.savefig(HERE / "stills" / f"{scene}.png", dpi=120, metadata={"Software": None})
        found[scene] = {"alt": plots.describe(fig), "numbers": measure(scene)}
    text = json.dumps(found, indent=1, ensure_ascii=False)
    (HERE / "measured.json").write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
