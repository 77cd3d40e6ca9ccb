"""The table of parity: one row a method, made of the peer's side and ours.

The peer's side is a function of the library, imported where it is recorded; ours is at hand.
"""

from typing import Any, NamedTuple

import numpy as np

from sgdcore import Objective, averaging, layers, losses, models, optimizers, rates, schedules
from sgdcore.models import Block
from sgdcore.optimizers import block_mask
from tests.parity.conventions import (
    NOTHING,
    adagrad_from_a_tenth,
    corrected_maximum,
    corrected_muon,
    epsilon_hat,
    epsilon_in_root,
    in_two,
    rate_inside,
    scores_for_probabilities,
    torch_clip,
)

STEPS = 50
# Parameters as a library has them, in the order of the flat theta.
LAYERED = (Block("weights", slice(0, 6), (3, 2)), Block("intercept", slice(6, 8), (2,)))
WIDE = (Block("weights", slice(0, 8), (2, 4)),)
WEIGHTS_ONLY = block_mask(LAYERED, lambda block: len(block.shape) == 2)


class Case(NamedTuple):
    """A method: how the peer is made, ours, and the parameters that the peer is given."""

    peer: Any
    ours: Any
    blocks: tuple = LAYERED


def inputs():
    """What both sides are given, made once and stored beside the traces."""
    rng = np.random.default_rng(0)
    # Gradients with bursts, so that running averages fall too, and with zeros.
    size = np.where(np.arange(STEPS) % 9 < 2, 3, 0.3)[:, None]
    gradients = rng.standard_normal((STEPS, 8)) * size
    gradients[:, 5] = gradients[7] = 0.0
    # A loss that falls, and then goes up and down.
    falling = 2 * 0.9 ** np.minimum(np.arange(STEPS), 12)
    X = rng.standard_normal((STEPS, 3))
    numbers = X @ np.array([1.0, -2.0, 0.5]) + 0.3 + 0.5 * rng.standard_normal(STEPS)
    return {
        "gradients": gradients,
        "start": rng.standard_normal(8),
        "rates": 0.1 * 0.97 ** np.arange(STEPS) * rng.uniform(0.5, 1.5, STEPS),
        "metrics": falling + 0.01 * rng.integers(-3, 4, STEPS),
        "X": X,
        "numbers": numbers,
        "signs": np.where(numbers < 0, -1.0, 1.0),
        "labels": np.digitize(numbers, [-1.0, 1.0]),
        "predictions": numbers + rng.standard_normal(STEPS) * np.geomspace(0.1, 30, STEPS),
        "scores": rng.standard_normal((STEPS, 3)) * np.geomspace(0.1, 300, STEPS)[:, None],
        "images": rng.standard_normal((10, 4, 32)),
        "classes": rng.integers(3, size=(10, 4)),
    }


# --- optimisers -------------------------------------------------------------------------------
# torch: a function of the library and the parameters; optax: of the library and the schedule;
# keras: of the library.


def _before_steps(optimizer, action):
    def hook(*_):
        action()

    optimizer.register_step_pre_hook(hook)
    return optimizer


def _weights_decay(torch, params):
    weights, intercept = params
    groups = [{"params": [weights]}, {"params": [intercept], "weight_decay": 0.0}]
    return torch.optim.AdamW(groups, weight_decay=0.1)


OPTIMIZERS = {
    "torch/sgd": Case(lambda torch, p: torch.optim.SGD(p), optimizers.sgd()),
    "torch/momentum": Case(
        lambda torch, p: torch.optim.SGD(p, momentum=0.9), optimizers.momentum(0.9)
    ),
    "torch/dampened": Case(
        lambda torch, p: torch.optim.SGD(p, momentum=0.9, dampening=0.3),
        optimizers.momentum(0.9, dampening=0.3),
    ),
    "torch/nesterov": Case(
        lambda torch, p: torch.optim.SGD(p, momentum=0.9, nesterov=True), optimizers.nesterov(0.9)
    ),
    "torch/coupled-decay": Case(
        lambda torch, p: torch.optim.SGD(p, momentum=0.9, weight_decay=0.1),
        optimizers.coupled_decay(optimizers.momentum(0.9), 0.1),
    ),
    "torch/adagrad": Case(lambda torch, p: torch.optim.Adagrad(p), optimizers.adagrad()),
    "torch/rmsprop": Case(lambda torch, p: torch.optim.RMSprop(p), optimizers.rmsprop()),
    "torch/rmsprop-centred": Case(
        lambda torch, p: torch.optim.RMSprop(p, alpha=0.9, centered=True),
        optimizers.rmsprop(0.9, centred=True),
    ),
    "torch/adam": Case(lambda torch, p: torch.optim.Adam(p), optimizers.adam()),
    "torch/adam-coupled-decay": Case(
        lambda torch, p: torch.optim.Adam(p, weight_decay=0.1),
        optimizers.coupled_decay(optimizers.adam(), 0.1),
    ),
    "torch/amsgrad": Case(
        lambda torch, p: torch.optim.Adam(p, betas=(0.9, 0.9), amsgrad=True),
        optimizers.amsgrad(beta2=0.9),
    ),
    "torch/adamw": Case(lambda torch, p: torch.optim.AdamW(p), optimizers.adamw()),
    "torch/adamw-by-block": Case(
        _weights_decay, optimizers.adamw(weight_decay=0.1, mask=WEIGHTS_ONLY)
    ),
    "torch/clip-norm": Case(
        lambda torch, p: _before_steps(
            torch.optim.SGD(p, momentum=0.9), lambda: torch.nn.utils.clip_grad_norm_(p, 1.0)
        ),
        torch_clip(optimizers.momentum(0.9), 1.0),
    ),
    "torch/clip-value": Case(
        lambda torch, p: _before_steps(
            torch.optim.SGD(p), lambda: torch.nn.utils.clip_grad_value_(p, 0.5)
        ),
        optimizers.clip_value(optimizers.sgd(), 0.5),
    ),
    "optax/sgd": Case(lambda optax, lr: optax.sgd(lr), optimizers.sgd()),
    "optax/momentum": Case(lambda optax, lr: optax.sgd(lr, 0.9), optimizers.momentum(0.9)),
    "optax/nesterov": Case(
        lambda optax, lr: optax.sgd(lr, 0.9, nesterov=True), optimizers.nesterov(0.9)
    ),
    "optax/sign": Case(lambda optax, lr: optax.sign_sgd(lr), optimizers.sign()),
    "optax/adagrad": Case(
        lambda optax, lr: optax.adagrad(lr),
        adagrad_from_a_tenth(),
    ),
    "optax/rmsprop": Case(
        lambda optax, lr: optax.rmsprop(lr, decay=0.99, eps_in_sqrt=False), optimizers.rmsprop()
    ),
    "optax/rmsprop-in-root": Case(
        lambda optax, lr: optax.rmsprop(lr, eps=1e-4),
        epsilon_in_root(optimizers.rmsprop(0.9, NOTHING), 0.9, 1e-4),
    ),
    # RMSprop with the correction for its start is Adam without momentum.
    "optax/rmsprop-corrected": Case(
        lambda optax, lr: optax.rmsprop(lr, eps_in_sqrt=False, bias_correction=True),
        optimizers.adam(beta1=0.0, beta2=0.9),
    ),
    "optax/adam": Case(lambda optax, lr: optax.adam(lr), optimizers.adam()),
    "optax/amsgrad": Case(lambda optax, lr: optax.amsgrad(lr, b2=0.9), corrected_maximum(0.9)),
    "optax/adamw": Case(
        lambda optax, lr: optax.adamw(lr, weight_decay=0.1), optimizers.adamw(weight_decay=0.1)
    ),
    "optax/lion": Case(
        lambda optax, lr: optax.lion(lr), optimizers.decoupled_decay(optimizers.lion(), 1e-3)
    ),
    # The rate is inside the buffer, behind the ratio: the step of LARS without momentum is what
    # the buffer sums.
    "optax/lars": Case(
        lambda optax, lr: optax.lars(lr, weight_decay=0.1, trust_coefficient=0.1),
        in_two(
            optimizers.lars(LAYERED, 0.0, trust=0.1, weight_decay=0.1), optimizers.momentum(0.9)
        ),
    ),
    "optax/lamb": Case(
        lambda optax, lr: optax.lamb(lr, weight_decay=0.1),
        optimizers.lamb(LAYERED, weight_decay=0.1),
    ),
    "optax/muon": Case(
        lambda optax, lr: optax.contrib.muon(lr, eps=NOTHING), corrected_muon(WIDE), WIDE
    ),
    # optax weighs the average by powers of the largest rate so far, unless the power is 0.
    "optax/schedule-free": Case(
        lambda optax, lr: optax.contrib.schedule_free_sgd(lr, weight_lr_power=0.0),
        optimizers.schedule_free(),
    ),
    "optax/clip-norm": Case(
        lambda optax, lr: optax.chain(optax.clip_by_global_norm(1.0), optax.sgd(lr, 0.9)),
        optimizers.clip_norm(optimizers.momentum(0.9), 1.0),
    ),
    "optax/clip-value": Case(
        lambda optax, lr: optax.chain(optax.clip(0.5), optax.sgd(lr)),
        optimizers.clip_value(optimizers.sgd(), 0.5),
    ),
    "keras/sgd": Case(lambda keras: keras.optimizers.SGD(), optimizers.sgd()),
    "keras/momentum": Case(
        lambda keras: keras.optimizers.SGD(momentum=0.9), rate_inside(optimizers.momentum(0.9))
    ),
    "keras/nesterov": Case(
        lambda keras: keras.optimizers.SGD(momentum=0.9, nesterov=True),
        rate_inside(optimizers.nesterov(0.9)),
    ),
    "keras/decoupled-decay": Case(
        lambda keras: keras.optimizers.SGD(momentum=0.9, weight_decay=0.1),
        optimizers.decoupled_decay(rate_inside(optimizers.momentum(0.9)), 0.1),
    ),
    "keras/adagrad": Case(
        lambda keras: keras.optimizers.Adagrad(),
        adagrad_from_a_tenth(),
    ),
    "keras/rmsprop": Case(
        lambda keras: keras.optimizers.RMSprop(epsilon=1e-4),
        epsilon_in_root(optimizers.rmsprop(0.9, NOTHING), 0.9, 1e-4),
    ),
    "keras/rmsprop-centred": Case(
        lambda keras: keras.optimizers.RMSprop(epsilon=1e-4, centered=True),
        epsilon_in_root(optimizers.rmsprop(0.9, NOTHING, centred=True), 0.9, 1e-4),
    ),
    "keras/adam": Case(lambda keras: keras.optimizers.Adam(), epsilon_hat(optimizers.adam)),
    "keras/amsgrad": Case(
        lambda keras: keras.optimizers.Adam(beta_2=0.9, amsgrad=True),
        epsilon_hat(lambda eps: optimizers.amsgrad(beta2=0.9, eps=eps), beta2=0.9),
    ),
    "keras/adamw": Case(
        lambda keras: keras.optimizers.AdamW(weight_decay=0.1),
        epsilon_hat(lambda eps: optimizers.adamw(eps=eps, weight_decay=0.1)),
    ),
    "keras/lion": Case(lambda keras: keras.optimizers.Lion(), optimizers.lion()),
    "keras/muon": Case(
        lambda keras: keras.optimizers.Muon(
            rms_rate=None, weight_decay=None, adam_weight_decay=None
        ),
        optimizers.muon(LAYERED, otherwise=epsilon_hat(optimizers.adam)),
    ),
    "keras/clip-norm": Case(
        lambda keras: keras.optimizers.SGD(global_clipnorm=1.0),
        optimizers.clip_norm(optimizers.sgd(), 1.0),
    ),
}

# --- averages of iterates, the gradients above taken for iterates ------------------------------
# A function of the library that gives (add, read) for a start.


def _torch_average(torch, start, **options):
    module = torch.nn.ParameterList([torch.tensor(start)])
    average = torch.optim.swa_utils.AveragedModel(module, **options)

    def add(theta):
        module[0].data = torch.tensor(theta)
        average.update_parameters(module)

    return add, lambda: average.module[0].detach().numpy()


def _torch_ema(torch, start):
    ema = torch.optim.swa_utils.get_ema_multi_avg_fn(0.9)
    add, read = _torch_average(torch, start, multi_avg_fn=ema)
    add(start)  # the first iterate that it sees is copied
    return add, read


def _optax_ema(optax, start):
    ema = optax.ema(0.9)
    seen = [None, ema.init(start)]

    def add(theta):
        seen[:] = ema.update(theta, seen[1])

    return add, lambda: seen[0]


def _debiased(decay):
    """The average that starts at 0, divided by the weight that the iterates have in it."""
    observer = averaging.exponential(decay)
    return averaging.Observer(
        lambda theta: observer.init(np.zeros_like(theta)),
        observer.update,
        lambda state: observer.read(state) / (1 - decay**state.step),
    )


AVERAGES = {
    "torch/swa": Case(_torch_average, averaging.polyak_ruppert()),
    "torch/ema": Case(_torch_ema, averaging.exponential(0.9)),
    "optax/ema": Case(_optax_ema, _debiased(0.9)),
}

# --- schedules, at t = 0, 1, …, beyond their end where both clamp ------------------------------
# torch: a function of the library and an optimiser with rate 0.1; the others: of the library.
BASE = 0.1


def _torch_schedule(name, **options):
    return lambda torch, optimizer: getattr(torch.optim.lr_scheduler, name)(optimizer, **options)


def _torch_one_cycle(total, share):
    """PyTorch rises to step share · total - 1, not a whole number, and falls to total - 1."""
    up, last = share * total - 1, total - 1
    ours = schedules.one_cycle(BASE, last, rise=up / last, end=BASE / 25 / 1e4)
    assert float(up).is_integer()
    return lambda t: ours(np.minimum(t, last))


def _keras_schedule(name, *args, **options):
    return lambda keras: getattr(keras.optimizers.schedules, name)(*args, **options)


SCHEDULES = {
    "torch/exponential": Case(
        _torch_schedule("ExponentialLR", gamma=0.9), schedules.exponential(BASE, 0.9)
    ),
    "torch/step": Case(
        _torch_schedule("StepLR", step_size=7, gamma=0.5),
        schedules.exponential(BASE, 0.5, every=7, staircase=True),
    ),
    "torch/linear": Case(
        _torch_schedule("LinearLR", start_factor=1.0, end_factor=0.1, total_iters=30),
        schedules.linear(BASE, 30, end=0.1 * BASE),
    ),
    "torch/polynomial": Case(
        _torch_schedule("PolynomialLR", total_iters=30, power=2.0),
        schedules.polynomial(BASE, 30),
    ),
    # Up to T; then PyTorch's rises again and ours stays.
    "torch/cosine": Case(
        _torch_schedule("CosineAnnealingLR", T_max=STEPS - 1, eta_min=0.01),
        schedules.cosine(BASE, STEPS - 1, end=0.01),
    ),
    "torch/cosine-restarts": Case(
        _torch_schedule("CosineAnnealingWarmRestarts", T_0=7, T_mult=2, eta_min=0.01),
        schedules.cosine(BASE, 7, end=0.01, restarts=3, factor=2),
    ),
    "torch/multi-step": Case(
        _torch_schedule("MultiStepLR", milestones=[5, 20], gamma=0.1),
        schedules.piecewise(BASE, [5, 20], [0.1, 0.1]),
    ),
    "torch/one-cycle": Case(
        _torch_schedule("OneCycleLR", max_lr=BASE, total_steps=STEPS, pct_start=0.3),
        _torch_one_cycle(STEPS, 0.3),
    ),
    "optax/exponential": Case(
        lambda optax: optax.exponential_decay(BASE, 7, 0.5),
        schedules.exponential(BASE, 0.5, every=7),
    ),
    "optax/staircase": Case(
        lambda optax: optax.exponential_decay(BASE, 7, 0.5, staircase=True),
        schedules.exponential(BASE, 0.5, every=7, staircase=True),
    ),
    "optax/linear": Case(
        lambda optax: optax.linear_schedule(BASE, 0.01, 30), schedules.linear(BASE, 30, end=0.01)
    ),
    "optax/polynomial": Case(
        lambda optax: optax.polynomial_schedule(BASE, 0.01, 3.0, 30),
        schedules.polynomial(BASE, 30, exponent=3.0, end=0.01),
    ),
    "optax/cosine": Case(
        lambda optax: optax.cosine_decay_schedule(BASE, 30, alpha=0.1),
        schedules.cosine(BASE, 30, end=0.1 * BASE),
    ),
    # Its length includes the warm-up, ours does not.
    "optax/warmup-cosine": Case(
        lambda optax: optax.warmup_cosine_decay_schedule(0.01, BASE, 10, 40, 0.02),
        schedules.warmup(schedules.cosine(BASE, 30, end=0.02), 10, start=0.01),
    ),
    "optax/piecewise": Case(
        lambda optax: optax.piecewise_constant_schedule(BASE, {5: 0.1, 20: 0.5}),
        schedules.piecewise(BASE, [5, 20], [0.1, 0.5]),
    ),
    # Its last rate is the first divided by final_div_factor.
    "optax/one-cycle": Case(
        lambda optax: optax.cosine_onecycle_schedule(40, BASE, 0.25, 25.0, 100.0),
        schedules.one_cycle(BASE, 40, rise=0.25, end=BASE / 25 / 100),
    ),
    "keras/exponential": Case(
        _keras_schedule("ExponentialDecay", BASE, 7, 0.5),
        schedules.exponential(BASE, 0.5, every=7),
    ),
    "keras/staircase": Case(
        _keras_schedule("ExponentialDecay", BASE, 7, 0.5, staircase=True),
        schedules.exponential(BASE, 0.5, every=7, staircase=True),
    ),
    "keras/inverse-time": Case(
        _keras_schedule("InverseTimeDecay", BASE, 7, 0.5), schedules.inverse_time(BASE, 0.5 / 7)
    ),
    "keras/polynomial": Case(
        _keras_schedule("PolynomialDecay", BASE, 30, 0.01, 3.0),
        schedules.polynomial(BASE, 30, exponent=3.0, end=0.01),
    ),
    # At the boundary Keras still has the old rate: ours drops one step later.
    "keras/piecewise": Case(
        _keras_schedule("PiecewiseConstantDecay", [5, 20], [BASE, 0.1 * BASE, 0.05 * BASE]),
        schedules.piecewise(BASE, [6, 21], [0.1, 0.5]),
    ),
    "keras/cosine": Case(
        _keras_schedule("CosineDecay", BASE, 30, alpha=0.1),
        schedules.cosine(BASE, 30, end=0.1 * BASE),
    ),
    "keras/warmup-cosine": Case(
        _keras_schedule("CosineDecay", 0.01, 30, 0.2, warmup_target=BASE, warmup_steps=10),
        schedules.warmup(schedules.cosine(BASE, 30, end=0.2 * BASE), 10, start=0.01),
    ),
    "keras/cosine-restarts": Case(
        _keras_schedule("CosineDecayRestarts", BASE, 7, t_mul=2.0, m_mul=1.0, alpha=0.1),
        schedules.cosine(BASE, 7, end=0.1 * BASE, restarts=3, factor=2),
    ),
}

# --- rates that look ----------------------------------------------------------------------------

PLATEAUS = {
    "torch/plateau": Case(
        _torch_schedule("ReduceLROnPlateau", factor=0.5, patience=3),
        rates.reduce_on_plateau(BASE, factor=0.5, patience=3),
    ),
    "torch/plateau-impatient": Case(
        # PyTorch skips drops of less than 1e-8 unless it is told not to.
        _torch_schedule("ReduceLROnPlateau", factor=0.1, patience=0, threshold=0.01, eps=0.0),
        rates.reduce_on_plateau(BASE, factor=0.1, patience=0, improvement=0.01),
    ),
}

POLYAK = {
    "optax/polyak": Case(
        lambda optax, lr: optax.polyak_sgd(max_learning_rate=0.2, f_min=0.1),
        rates.polyak(minimum=0.1, bound=0.2),
    )
}

# --- losses: value, and gradient by the library's own differentiation ---------------------------
# A function of the library that gives prediction, target -> mean loss; how its targets are made of
# ours; and the factor by which it is ours.


class LossCase(NamedTuple):
    peer: Any
    ours: losses.Loss
    target: str  # "numbers", "signs" or "labels"
    factor: float = 1.0


def _keras_loss(make):
    return lambda keras: lambda prediction, target: make(keras)(target, prediction)


def _zero_one(signs):
    return 0.5 * (signs + 1)


LOSSES = {
    # Without the ½.
    "torch/mse": LossCase(lambda torch: torch.nn.MSELoss(), losses.squared(), "numbers", 2.0),
    "torch/l1": LossCase(lambda torch: torch.nn.L1Loss(), losses.absolute(), "numbers"),
    "torch/huber": LossCase(
        lambda torch: torch.nn.HuberLoss(delta=1.5), losses.huber(1.5), "numbers"
    ),
    # Targets 0 and 1, as in Keras.
    "torch/logistic": LossCase(
        lambda torch: lambda z, y: torch.nn.BCEWithLogitsLoss()(z, _zero_one(y)),
        losses.logistic(),
        "signs",
    ),
    "torch/cross-entropy": LossCase(
        lambda torch: torch.nn.CrossEntropyLoss(), losses.softmax_cross_entropy(), "labels"
    ),
    "optax/squared": LossCase(
        lambda optax: lambda z, y: optax.l2_loss(z, y).mean(), losses.squared(), "numbers"
    ),
    "optax/huber": LossCase(
        lambda optax: lambda z, y: optax.huber_loss(z, y, delta=1.5).mean(),
        losses.huber(1.5),
        "numbers",
    ),
    "optax/logistic": LossCase(
        lambda optax: lambda z, y: optax.sigmoid_binary_cross_entropy(z, _zero_one(y)).mean(),
        losses.logistic(),
        "signs",
    ),
    "optax/cross-entropy": LossCase(
        lambda optax: lambda z, y: optax.softmax_cross_entropy_with_integer_labels(z, y).mean(),
        losses.softmax_cross_entropy(),
        "labels",
    ),
    "optax/hinge": LossCase(
        lambda optax: lambda z, y: optax.hinge_loss(z, y).mean(), losses.hinge(), "signs"
    ),
    "keras/mse": LossCase(
        _keras_loss(lambda keras: keras.losses.MeanSquaredError()), losses.squared(), "numbers", 2.0
    ),
    "keras/mae": LossCase(
        _keras_loss(lambda keras: keras.losses.MeanAbsoluteError()), losses.absolute(), "numbers"
    ),
    "keras/huber": LossCase(
        _keras_loss(lambda keras: keras.losses.Huber(delta=1.5)), losses.huber(1.5), "numbers"
    ),
    "keras/logistic": LossCase(
        lambda keras: (
            lambda z, y: keras.losses.BinaryCrossentropy(from_logits=True)(_zero_one(y), z)
        ),
        losses.logistic(),
        "signs",
    ),
    "keras/cross-entropy": LossCase(
        _keras_loss(lambda keras: keras.losses.SparseCategoricalCrossentropy(from_logits=True)),
        losses.softmax_cross_entropy(),
        "labels",
    ),
    # Without softmax and without a word: what chapter 14 runs as mistake 11.
    "keras/cross-entropy-of-scores": LossCase(
        lambda keras: lambda z, y: keras.losses.CategoricalCrossentropy()(np.eye(3)[y], z),
        scores_for_probabilities(),
        "labels",
    ),
    "keras/hinge": LossCase(
        _keras_loss(lambda keras: keras.losses.Hinge()), losses.hinge(), "signs"
    ),
}

# --- networks of PyTorch and Keras, trained on batches of labelled 4 by 4 images of two channels -


class Network(NamedTuple):
    peer: Any
    ours: models.Sequential
    optimizer: optimizers.Optimizer = optimizers.momentum(0.9)


NETWORKS = {
    "torch/mlp": Network(
        lambda nn: nn.Sequential(nn.Linear(32, 3), nn.Tanh(), nn.Linear(3, 3)),
        models.mlp((32, 3, 3), activation=layers.Tanh()),
    ),
    "torch/cnn": Network(
        lambda nn: nn.Sequential(
            nn.Unflatten(1, (2, 4, 4)),
            nn.Conv2d(2, 3, 3, padding=1),
            nn.ReLU(),
            nn.MaxPool2d(2),
            nn.Conv2d(3, 4, 2),
            nn.LeakyReLU(0.1),
            nn.Flatten(),
            nn.Linear(4, 3),
        ),
        models.Sequential(
            (2, 4, 4),
            [
                layers.Conv2d(3, 3, padding=1),
                layers.ReLU(),
                layers.MaxPool2d(2),
                layers.Conv2d(4, 2),
                layers.LeakyReLU(0.1),
                layers.Flatten(),
                layers.Dense(3),
            ],
        ),
    ),
    "torch/normalised": Network(
        lambda nn: nn.Sequential(
            nn.Unflatten(1, (2, 4, 4)),
            nn.Conv2d(2, 3, 3, stride=2, padding=1, bias=False),
            nn.BatchNorm2d(3),
            nn.Sigmoid(),
            nn.AdaptiveAvgPool2d(1),
            nn.Flatten(),
            nn.Linear(3, 3),
        ),
        models.Sequential(
            (2, 4, 4),
            [
                layers.Conv2d(3, 3, stride=2, padding=1, intercept=False),
                layers.BatchNorm(),
                layers.Sigmoid(),
                layers.GlobalAveragePool(),
                layers.Dense(3),
            ],
        ),
    ),
    # S2's network in small: Keras has the channels last, and flattens them pixel by pixel.
    "keras/cnn": Network(
        lambda keras: [
            keras.Input((4, 4, 2)),
            keras.layers.Conv2D(3, 3, padding="same", activation="relu"),
            keras.layers.MaxPooling2D(2),
            keras.layers.Permute((3, 1, 2)),
            keras.layers.Flatten(),
            keras.layers.Dense(5, activation="relu"),
            keras.layers.Dense(3),
        ],
        models.cnn((2, 4, 4), (3,), 3, hidden=(5,)),
        optimizers.sgd(),
    ),
}

# --- scikit-learn: linear models sample by sample, networks batch by batch ----------------------


class Linear(NamedTuple):
    """A linear model of scikit-learn; our objective and schedule, and perhaps an average."""

    peer: Any
    ours: Objective
    schedule: Any
    average: Any = None
    target: str = "numbers"


def _linear(loss, l2):
    """The intercept is not penalised."""
    return Objective(models.linear(3), loss, l2=l2, mask=np.array([1.0, 1.0, 1.0, 0.0]))


def _optimal(alpha):
    """The rates 1 / (alpha (t0 + t)), t from 0, with scikit-learn's t0 for the losses here."""
    t0 = 1 / (alpha**-0.25 * alpha)
    return schedules.inverse_time(1 / (alpha * t0), 1 / t0)


LINEAR = {
    "sklearn/constant": Linear(
        lambda linear: linear.SGDRegressor(learning_rate="constant", eta0=0.05, alpha=0.1),
        _linear(losses.squared(), 0.1),
        schedules.constant(0.05),
    ),
    "sklearn/invscaling": Linear(
        lambda linear: linear.SGDRegressor(eta0=0.1, power_t=0.25, alpha=0.1),
        _linear(losses.squared(), 0.1),
        schedules.power(0.1, 0.25),
    ),
    "sklearn/optimal": Linear(
        lambda linear: linear.SGDRegressor(learning_rate="optimal", alpha=0.5),
        _linear(losses.squared(), 0.5),
        _optimal(0.5),
    ),
    "sklearn/huber": Linear(
        lambda linear: linear.SGDRegressor(loss="huber", epsilon=0.5, eta0=0.1, alpha=0.01),
        _linear(losses.huber(0.5), 0.01),
        schedules.power(0.1, 0.25),
    ),
    # From the first iterate on, and from the tenth: until then the iterate itself.
    "sklearn/average": Linear(
        lambda linear: linear.SGDRegressor(average=True, eta0=0.1, alpha=0.1),
        _linear(losses.squared(), 0.1),
        schedules.power(0.1, 0.25),
        averaging.polyak_ruppert(),
    ),
    "sklearn/average-late": Linear(
        lambda linear: linear.SGDRegressor(average=10, eta0=0.1, alpha=0.1),
        _linear(losses.squared(), 0.1),
        schedules.power(0.1, 0.25),
        averaging.polyak_ruppert(start=9),
    ),
    "sklearn/hinge": Linear(
        lambda linear: linear.SGDClassifier(alpha=0.5),
        _linear(losses.hinge(), 0.5),
        _optimal(0.5),
        target="signs",
    ),
    "sklearn/logistic": Linear(
        lambda linear: linear.SGDClassifier(
            loss="log_loss", learning_rate="constant", eta0=0.1, alpha=0.01
        ),
        _linear(losses.logistic(), 0.01),
        schedules.constant(0.1),
        target="signs",
    ),
}


class Mlp(NamedTuple):
    """A network of scikit-learn; ours, its loss, optimiser and schedule."""

    peer: Any
    ours: models.Sequential
    loss: losses.Loss
    optimizer: optimizers.Optimizer
    schedule: Any
    target: str = "labels"


# A batch has ten samples, and the L2 penalty is divided by its size.
BATCH = 10
_SETTINGS = {"hidden_layer_sizes": (3,), "random_state": 0, "alpha": 0.1, "shuffle": False}


def batch_rows(t):
    """The samples of step t of a scikit-learn network."""
    return slice(BATCH * t % STEPS, BATCH * t % STEPS + BATCH)


_CLASSIFIER = models.mlp((3, 3, 3))
_REGRESSOR = models.mlp((3, 3, None), activation=layers.Tanh())

MLPS = {
    # The rate changes after a batch by the number of samples seen, and is inside the buffer.
    "sklearn/mlp-momentum": Mlp(
        lambda network: network.MLPClassifier(
            solver="sgd",
            learning_rate="invscaling",
            learning_rate_init=0.1,
            nesterovs_momentum=False,
            **_SETTINGS,
        ),
        _CLASSIFIER,
        losses.softmax_cross_entropy(),
        rate_inside(optimizers.momentum(0.9)),
        lambda t: schedules.power(0.1, 0.5)(BATCH * t),
    ),
    "sklearn/mlp-nesterov": Mlp(
        lambda network: network.MLPRegressor(
            solver="sgd", learning_rate_init=0.01, activation="tanh", **_SETTINGS
        ),
        _REGRESSOR,
        losses.squared(),
        optimizers.nesterov(0.9),
        schedules.constant(0.01),
        target="numbers",
    ),
    "sklearn/mlp-adam": Mlp(
        lambda network: network.MLPClassifier(learning_rate_init=0.01, **_SETTINGS),
        _CLASSIFIER,
        losses.softmax_cross_entropy(),
        epsilon_hat(optimizers.adam, eps=1e-8),
        schedules.constant(0.01),
    ),
}


class Clusters(NamedTuple):
    """A method of scikit-learn for clusters, a step a batch; ours counts `anew` or goes on."""

    peer: Any
    batch: int
    anew: bool


CLUSTERS = {
    # As many steps as its trace is long.
    "sklearn/kmeans": Clusters(
        lambda cluster, start, steps: cluster.KMeans(
            len(start), init=start, n_init=1, tol=0, max_iter=steps
        ),
        STEPS,
        anew=True,
    ),
    "sklearn/mini-batch-kmeans": Clusters(
        lambda cluster, start, steps: cluster.MiniBatchKMeans(
            len(start), init=start, n_init=1, reassignment_ratio=0, random_state=0
        ),
        10,
        anew=False,
    ),
}
CLUSTER_STEPS = 5

# --- games: both players' slopes as one gradient, replayed by the program of chapter 20 ---------

PLAYERS = {
    "optax/optimistic": Case(lambda optax, lr: optax.optimistic_gradient_descent(lr), None),
}

# --- conventions: where a method of ours must be bridged to be the peer's -----------------------


class Naive(NamedTuple):
    """Ours with the same settings and without the bridge, and what differs, or the bridge."""

    ours: optimizers.Optimizer
    differs: Any

    @property
    def words(self):
        """What differs, in one line."""
        told = self.differs if isinstance(self.differs, str) else self.differs.__doc__
        return told.splitlines()[0] if told else ""


NAIVE = {
    "torch/clip-norm": Naive(optimizers.clip_norm(optimizers.momentum(0.9), 1.0), torch_clip),
    "optax/adagrad": Naive(optimizers.adagrad(1e-7), adagrad_from_a_tenth),
    "optax/rmsprop-in-root": Naive(optimizers.rmsprop(0.9, 1e-4), epsilon_in_root),
    "optax/amsgrad": Naive(optimizers.amsgrad(beta2=0.9), corrected_maximum),
    "optax/lars": Naive(optimizers.lars(LAYERED, trust=0.1, weight_decay=0.1), in_two),
    "optax/muon": Naive(optimizers.muon(WIDE), corrected_muon),
    "keras/momentum": Naive(optimizers.momentum(0.9), rate_inside),
    "keras/nesterov": Naive(optimizers.nesterov(0.9), rate_inside),
    "keras/decoupled-decay": Naive(
        optimizers.coupled_decay(rate_inside(optimizers.momentum(0.9)), 0.1),
        "Weight decay of Keras's SGD shrinks the weights beside the step, not by the gradient.",
    ),
    "keras/adagrad": Naive(optimizers.adagrad(1e-7), adagrad_from_a_tenth),
    "keras/rmsprop": Naive(optimizers.rmsprop(0.9, 1e-4), epsilon_in_root),
    "keras/rmsprop-centred": Naive(optimizers.rmsprop(0.9, 1e-4, centred=True), epsilon_in_root),
    "keras/adam": Naive(optimizers.adam(eps=1e-7), epsilon_hat),
    "keras/amsgrad": Naive(optimizers.amsgrad(beta2=0.9, eps=1e-7), epsilon_hat),
    "keras/adamw": Naive(optimizers.adamw(eps=1e-7, weight_decay=0.1), epsilon_hat),
    "keras/muon": Naive(optimizers.muon(LAYERED, otherwise=optimizers.adam(eps=1e-7)), epsilon_hat),
    "sklearn/mlp-momentum": Naive(optimizers.momentum(0.9), rate_inside),
    "sklearn/mlp-adam": Naive(optimizers.adam(), epsilon_hat),
}
