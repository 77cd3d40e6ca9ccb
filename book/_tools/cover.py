"""Draw the picture of the landing page from real runs: what stochastic gradient descent does.

    python book/_tools/cover.py

The picture keeps the description of its data, so that a test sees whether it is still true.
"""

from pathlib import Path

import numpy as np

from sgdcore import Objective, data, losses, models, optimizers, plots, train

PICTURE = Path(__file__).parents[1] / "images" / "descent.png"
STEPS = (5, 20, 100)
INKS = ("#0072B2", "#007A58", "#A8487F")  # dark enough for words too
PLACES = ((1.0, -0.3), (1.66, 0.24), (2.05, 0.62))  # of the words, below their clouds


def draw():
    """Fit a line 256 times by SGD and once by gradient descent, and draw all of them."""
    samples = data.line(np.random.default_rng(0))
    line = Objective(models.linear(1), losses.squared())
    settings = dict(lr=0.05, steps=max(STEPS), record_theta=True)
    start = np.zeros(2)
    runs = train(
        line, start, optimizers.sgd(), samples, batch_size=1,
        seeds=range(256), sampling="replacement", **settings,
    ).theta  # fmt: skip
    descent = train(line, start, optimizers.sgd(), samples, **settings).theta

    fig, ax = plots.figure(height=3.3)
    window = (-0.3, 2.6), (-0.45, 1.45)
    plots.contours(ax, lambda theta: line.value(theta, *samples), *window).set_alpha(0.4)
    for step, colour, place in zip(STEPS, INKS, PLACES, strict=True):
        cloud = f"256 runs after {step} steps"
        ax.scatter(*runs[:, step].T, s=6, color=colour, label=f"_{cloud}")
        ax.text(*place, cloud, color=colour, ha="center")
    ax.plot(*runs[0].T, lw=1.0, color="#D55E00", label="one of the runs")
    ax.plot(*descent.T, lw=1.6, ls=(0, (6, 2)), color="black", label="gradient descent")
    ax.set(xlabel="slope $w$ of the line", ylabel="its intercept $b$")
    ax.legend(loc="upper left", framealpha=0)
    return fig


if __name__ == "__main__":
    fig = draw()
    metadata = {"Software": None, "Description": plots.describe(fig)}
    fig.savefig(PICTURE, dpi=160, metadata=metadata)
    print(metadata["Description"])
