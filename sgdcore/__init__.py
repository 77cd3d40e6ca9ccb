"""Stochastic gradient descent in numpy, written to be read.

The parameter of every model is one flat array ``theta`` of shape ``(..., P)``, and its leading axes
are runs: R seeded runs train at once by broadcasting. Importing the module imports numpy alone.
"""

from sgdcore import (
    averaging,
    data,
    estimators,
    layers,
    losses,
    models,
    newton,
    objectives,
    optimizers,
    plots,
    problems,
    rates,
    schedules,
)
from sgdcore.gradcheck import gradcheck
from sgdcore.objectives import Objective
from sgdcore.train import History, Tuned, train, tune

__all__ = [
    "History",
    "Objective",
    "Tuned",
    "averaging",
    "data",
    "estimators",
    "gradcheck",
    "layers",
    "losses",
    "models",
    "newton",
    "objectives",
    "optimizers",
    "plots",
    "problems",
    "rates",
    "schedules",
    "train",
    "tune",
]
