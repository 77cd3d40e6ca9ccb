// The course's formulas for the explorers, in the order surface, noise, optimiser, schedule, run.
// A vector is an array. Each formula is that of the module sgdcore of the same name; a test feeds
// both the same noise and compares.
"use strict";

const sgd = (() => {
  const { PI, cos, sin, sqrt, log, max, min } = Math;
  const sum = (values) => values.reduce((total, value) => total + value, 0);

  // --- Surfaces: f(x, y), its gradient, a minimiser; and the part of the plane to look at. ---

  // f(θ) = ½ θᵀHθ with eigenvalues 1/κ and 1, whose axes are turned by an angle in degrees.
  function quadratic(condition, degrees = 0) {
    const [c, s] = [cos((degrees * PI) / 180), sin((degrees * PI) / 180)];
    const eigenvalues = [1 / condition, 1];
    const [flat, steep] = eigenvalues;
    const H = [
      [flat * c * c + steep * s * s, (flat - steep) * c * s],
      [(flat - steep) * c * s, flat * s * s + steep * c * c],
    ];
    const gradient = ([x, y]) => [H[0][0] * x + H[0][1] * y, H[1][0] * x + H[1][1] * y];
    return {
      minimum: [0, 0],
      eigenvalues,
      value([x, y]) {
        const [gx, gy] = gradient([x, y]);
        return 0.5 * (x * gx + y * gy);
      },
      gradient,
      window: [[-4, 4], [-3, 3]],
      start: [-3 * c - s, -3 * s + c], // turns with the bowl
    };
  }

  const rosenbrock = {
    minimum: [1, 1],
    value: ([x, y]) => (1 - x) ** 2 + 100 * (y - x ** 2) ** 2,
    gradient: ([x, y]) => [
      -2 * (1 - x) - 400 * x * (y - x ** 2),
      200 * (y - x ** 2),
    ],
    window: [[-2, 2], [-1, 2.5]],
    start: [-1.2, 1],
  };

  const beale = {
    minimum: [3, 0.5],
    residuals: ([x, y]) => [1.5, 2.25, 2.625].map((c, k) => c - x * (1 - y ** (k + 1))),
    value: (theta) => sum(beale.residuals(theta).map((r) => r ** 2)),
    gradient(theta) {
      const [x, y] = theta;
      const r = beale.residuals(theta);
      return [
        sum(r.map((r, k) => -2 * r * (1 - y ** (k + 1)))),
        sum(r.map((r, k) => 2 * r * x * (k + 1) * y ** k)),
      ];
    },
    window: [[0, 4.5], [-1.2, 2]],
    start: [1, 1.5],
  };

  const himmelblau = {
    minimum: [3, 2],
    value: ([x, y]) => (x ** 2 + y - 11) ** 2 + (x + y ** 2 - 7) ** 2,
    gradient([x, y]) {
      const [first, second] = [x ** 2 + y - 11, x + y ** 2 - 7];
      return [4 * x * first + 2 * second, 2 * first + 4 * y * second];
    },
    window: [[-5, 5], [-5, 5]],
    start: [0, -1],
  };

  const saddle = {
    minimum: [0, 1],
    value: ([x, y]) => 0.5 * x ** 2 - 0.5 * y ** 2 + y ** 4 / 4,
    gradient: ([x, y]) => [x, y ** 3 - y],
    window: [[-2, 2], [-1.6, 1.6]],
    start: [-1.5, 0],
  };

  const rastrigin = {
    minimum: [0, 0],
    value: (theta) => sum(theta.map((x) => x ** 2 + 10 * (1 - cos(2 * PI * x)))),
    gradient: (theta) => theta.map((x) => 2 * x + 20 * PI * sin(2 * PI * x)),
    window: [[-3.2, 3.2], [-3.2, 3.2]],
    start: [2.3, 1.7],
  };

  const surfaces = {
    quadratic,
    rosenbrock: () => rosenbrock,
    beale: () => beale,
    himmelblau: () => himmelblau,
    saddle: () => saddle,
    rastrigin: () => rastrigin,
  };

  // Linear regression on fresh Gaussian samples: x ~ N(0, diag(λ)), y = xᵀθ* + σε, here θ* = 0.
  // `draws` holds, sample by sample, the standard normal numbers behind x, and then that behind ε.
  function gaussianRegression(eigenvalues, sigma, batch) {
    const P = eigenvalues.length;
    const scales = eigenvalues.map(sqrt);
    return {
      minimum: eigenvalues.map(() => 0),
      value: (theta) => 0.5 * sum(theta.map((e, j) => eigenvalues[j] * e ** 2)) + 0.5 * sigma ** 2,
      gradient(theta, draws) {
        const g = new Float64Array(P);
        for (let i = 0; i < batch; i++) {
          const sample = i * (P + 1);
          let residual = -sigma * draws[sample + P]; // ŷ − y
          for (let j = 0; j < P; j++) residual += scales[j] * draws[sample + j] * theta[j];
          for (let j = 0; j < P; j++) g[j] += (residual * scales[j] * draws[sample + j]) / batch;
        }
        return g;
      },
    };
  }

  // --- Noise: standard normal numbers that depend on the seed alone. ---

  // Uniform numbers by the generator "mulberry32", made normal in pairs as Box and Muller do.
  function normals(seed, count, into = new Float64Array(count)) {
    let state = (seed + 1) * 0x9e3779b9;
    const uniform = () => {
      state = (state + 0x6d2b79f5) | 0;
      let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
      mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
      return (((mixed ^ (mixed >>> 14)) >>> 0) + 0.5) / 2 ** 32;
    };
    for (let k = 0; k < count; k += 2) {
      const radius = sqrt(-2 * log(uniform()));
      const angle = 2 * PI * uniform();
      into[k] = radius * cos(angle);
      if (k + 1 < count) into[k + 1] = radius * sin(angle);
    }
    return into;
  }

  // --- Optimisers: what is subtracted from one coordinate, and what is remembered about it. ---

  const optimizers = {
    sgd: () => ({
      memory: {},
      step: (g, memory, lr) => lr * g,
    }),

    momentum: (beta) => ({
      memory: { b: 0 },
      step(g, memory, lr) {
        memory.b = beta * memory.b + g;
        return lr * memory.b;
      },
    }),

    nesterov: (beta) => ({
      memory: { b: 0 },
      step(g, memory, lr) {
        memory.b = beta * memory.b + g;
        return lr * (g + beta * memory.b);
      },
    }),

    adagrad: (eps = 1e-10) => ({
      memory: { s: 0 },
      step(g, memory, lr) {
        memory.s = memory.s + g ** 2;
        return (lr * g) / (sqrt(memory.s) + eps);
      },
    }),

    rmsprop: (alpha = 0.99, eps = 1e-8) => ({
      memory: { v: 0 },
      step(g, memory, lr) {
        memory.v = alpha * memory.v + (1 - alpha) * g ** 2;
        return (lr * g) / (sqrt(memory.v) + eps);
      },
    }),

    adam: (beta1 = 0.9, beta2 = 0.999, eps = 1e-8) => ({
      memory: { m: 0, v: 0 },
      step(g, memory, lr, t) {
        memory.m = beta1 * memory.m + (1 - beta1) * g;
        memory.v = beta2 * memory.v + (1 - beta2) * g ** 2;
        const mHat = memory.m / (1 - beta1 ** (t + 1));
        const vHat = memory.v / (1 - beta2 ** (t + 1));
        return (lr * mHat) / (sqrt(vHat) + eps);
      },
    }),
  };

  // --- Schedules: the learning rate of step t = 0, 1, 2, … ---

  const schedules = {
    constant: (lr) => () => lr,
    inverse_time: (lr, decay) => (t) => lr / (1 + decay * t),
    exponential: (lr, decay) => (t) => lr * decay ** t,
    linear: (lr, T) => (t) => lr * (1 - min(t / T, 1)),
    cosine: (lr, T) => (t) => 0.5 * lr * (1 + cos(PI * min(t / T, 1))),
    // Mistake 9: each step decays the rate that the step before has already decayed,
    // η_t = η_{t−1}·δᵗ, so that the exponents add up.
    compounding: (lr, decay) => (t) => lr * decay ** ((t * (t + 1)) / 2),
  };

  // --- A run: θ_{t+1} = θ_t − step(∇f(θ_t) + noise_t). Gives θ_0 … θ_T. ---

  function train(surface, optimizer, schedule, start, steps, noise = null) {
    const theta = [...start];
    const memories = theta.map(() => ({ ...optimizer.memory }));
    const path = [[...theta]];
    for (let t = 0; t < steps; t++) {
      const g = surface.gradient(theta);
      const lr = schedule(t);
      for (let j = 0; j < theta.length; j++) {
        const gradient = noise ? g[j] + noise[t * theta.length + j] : g[j];
        theta[j] -= optimizer.step(gradient, memories[j], lr, t);
      }
      path.push([...theta]);
    }
    return path;
  }

  // Noise σε/√B: the mean of B sample gradients, each with noise of standard deviation σ.
  const additive = (sigma, batch, epsilon) => epsilon.map((e) => (sigma / sqrt(batch)) * e);

  // --- What theory knows, without any run. ---

  // Chapter 03: E(θ_i − θ*_i)² from one step to the next, on fresh Gaussian samples.
  function nextMoments(m, eigenvalues, sigma, batch, lr) {
    const s = sum(eigenvalues.map((lambda, i) => lambda * m[i]));
    return eigenvalues.map(
      (lambda, i) =>
        (1 - lr * lambda) ** 2 * m[i] +
        ((lr ** 2 * lambda) / batch) * (s + lambda * m[i] + sigma ** 2),
    );
  }

  // Chapter 03: the number c; the excess risk tends to σ²/2 · c/(1 − c) while c < 1.
  function noiseShare(eigenvalues, batch, lr) {
    const terms = eigenvalues.map((lambda) => {
      const room = 2 - lr * lambda * (1 + 1 / batch);
      return room > 0 ? ((lr / batch) * lambda) / room : Infinity;
    });
    return sum(terms);
  }

  // The rate at which c = 1, by halving an interval: c rises with the rate.
  function meanSquareLimit(eigenvalues, batch) {
    let [low, high] = [0, 2 / max(...eigenvalues)];
    for (let k = 0; k < 60; k++) {
      const middle = (low + high) / 2;
      if (noiseShare(eigenvalues, batch, middle) < 1) low = middle;
      else high = middle;
    }
    return low;
  }

  // Chapter 07: E e² from one step to the next, in one direction with additive noise of variance σ².
  const nextSquare = (square, lambda, sigma, lr) =>
    (1 - lr * lambda) ** 2 * square + lr ** 2 * sigma ** 2;

  // Where the mean excess of a quadratic comes to rest under additive noise, with momentum β:
  // ½ σ²/B · Σ η(1 + β) / ((1 − β)(2(1 + β) − ηλ)).
  const floorOf = (eigenvalues, sigma, batch, lr, beta = 0) =>
    ((0.5 * sigma ** 2) / batch) *
    sum(
      eigenvalues.map((lambda) => {
        const room = 2 * (1 + beta) - lr * lambda;
        return room > 0 ? (lr * (1 + beta)) / ((1 - beta) * room) : Infinity;
      }),
    );

  // --- Small tools. ---

  // The values below which the shares lie; what is not finite counts as largest.
  function quantiles(values, shares) {
    const sorted = Float64Array.from(values, (v) => (Number.isFinite(v) ? v : Infinity)).sort();
    return shares.map((q) => sorted[max(0, Math.ceil(q * sorted.length) - 1)]);
  }

  const range = (n) => Array.from({ length: n }, (_, k) => k);
  const geomspace = (from, to, n) => range(n).map((k) => from * (to / from) ** (k / (n - 1)));

  return {
    surfaces,
    gaussianRegression,
    normals,
    optimizers,
    schedules,
    train,
    additive,
    nextMoments,
    noiseShare,
    meanSquareLimit,
    nextSquare,
    floorOf,
    quantiles,
    range,
    geomspace,
    sum,
  };
})();
