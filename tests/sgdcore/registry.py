"""What the invariants are tested on: a method or a model is tested by being registered here."""

import numpy as np

from sgdcore import layers, models, optimizers
from sgdcore.objectives import project_ball


def _is_matrix(block):
    return len(block.shape) > 1


def _matrix(size):
    """A symmetric positive definite matrix with eigenvalues from 0.5 to 2."""
    axes, _ = np.linalg.qr(np.random.default_rng(3).normal(size=(size, size)))
    return axes * np.linspace(0.5, 2, size) @ axes.T


def _strided():
    """Convolutions with padding, strides and windows of several sizes, all layers of images."""
    return models.Sequential(
        (2, 7, 6),
        [
            layers.Conv2d(3, 3, padding=1, stride=2),
            layers.LeakyReLU(0.1),
            layers.Conv2d(4, 2, padding=1, intercept=False),
            layers.MaxPool2d(2),
            layers.Conv2d(3, 1),
            layers.Sigmoid(),
            layers.GlobalAveragePool(),
            layers.Dense(3, intercept=False),
        ],
    )


def _normalised():
    """Batch normalisation and dropout of features, at the very start too."""
    return models.Sequential(
        4,
        [
            layers.BatchNorm(),
            layers.Dropout(0.25),
            layers.Dense(6, intercept=False),
            layers.BatchNorm(),
            layers.Tanh(),
            layers.Residual([layers.Dense(6), layers.Tanh(), layers.Dropout(0.5)]),
            layers.Dense(3),
        ],
    )


# name -> factory of an optimiser from the blocks of theta. The name begins with the function's.
OPTIMIZERS = {
    "sgd": lambda blocks: optimizers.sgd(),
    "sign": lambda blocks: optimizers.sign(),
    "normalised": lambda blocks: optimizers.normalised(),
    "momentum": lambda blocks: optimizers.momentum(0.9),
    "momentum, dampened": lambda blocks: optimizers.momentum(0.9, dampening=0.3),
    "nesterov": lambda blocks: optimizers.nesterov(0.9),
    "adagrad": lambda blocks: optimizers.adagrad(),
    "rmsprop": lambda blocks: optimizers.rmsprop(),
    "rmsprop, centred": lambda blocks: optimizers.rmsprop(centred=True),
    "adam": lambda blocks: optimizers.adam(),
    "amsgrad": lambda blocks: optimizers.amsgrad(),
    "adamw": lambda blocks: optimizers.adamw(),
    "lion": lambda blocks: optimizers.lion(),
    "muon": optimizers.muon,
    "muon, otherwise": lambda blocks: optimizers.muon(blocks, otherwise=optimizers.nesterov(0.9)),
    "shampoo": optimizers.shampoo,
    "lars": lambda blocks: optimizers.lars(blocks, weight_decay=0.1),
    "lamb": lambda blocks: optimizers.lamb(blocks, weight_decay=0.1),
    "schedule_free": lambda blocks: optimizers.schedule_free(),
    "coupled_decay": lambda blocks: optimizers.coupled_decay(
        optimizers.momentum(0.9), 0.1, optimizers.block_mask(blocks, _is_matrix)
    ),
    "decoupled_decay": lambda blocks: optimizers.decoupled_decay(
        optimizers.momentum(0.9), 0.1, optimizers.block_mask(blocks, _is_matrix)
    ),
    "clip_norm": lambda blocks: optimizers.clip_norm(optimizers.momentum(0.9), 0.5),
    "clip_value": lambda blocks: optimizers.clip_value(optimizers.momentum(0.9), 0.5),
    "proximal_l1": lambda blocks: optimizers.proximal_l1(
        optimizers.momentum(0.9), 0.1, optimizers.block_mask(blocks, _is_matrix)
    ),
    "preconditioned": lambda blocks: optimizers.preconditioned(
        optimizers.adam(), np.linspace(0.5, 2, blocks[-1].where.stop)
    ),
    "preconditioned, matrix": lambda blocks: optimizers.preconditioned(
        optimizers.momentum(0.9), _matrix(blocks[-1].where.stop)
    ),
    "projected": lambda blocks: optimizers.projected(
        optimizers.momentum(0.9), lambda theta: project_ball(theta, 2.0)
    ),
}

# name -> factory of a model; it takes as many numbers a sample as its `inputs` says.
MODELS = {
    "linear": lambda: models.linear(4),
    "linear through the origin": lambda: models.linear(4, intercept=False),
    "softmax regression": lambda: models.softmax_regression(4, 3),
    "mlp": lambda: models.mlp((4, 6, 5, 3)),
    "mlp, one prediction": lambda: models.mlp((4, 6, None), activation=layers.Tanh()),
    "cnn": lambda: models.cnn((2, 6, 4), (3, 4), 3, hidden=(5,)),
    "cnn with dropout": lambda: models.cnn((1, 8, 8), (3,), None, padding=0, dropout=0.5),
    "strided": _strided,
    "normalised": _normalised,
    "resnet": lambda: models.resnet((1, 6, 4), (3, 4), 3),
}
