// Explorer: schedules against the ball in which the noise of the current rate would hold the runs.
"use strict";

explorer.define("schedules", (panel) => {
  const { digits, style } = explorer;
  const STEPS = 400;
  const RUNS = 64;
  const START = [-3, 1.5];
  const { plane, rates, excess } = panel.plots;
  const NAMES = {
    constant: "constant", inverse_time: "inverse time", exponential: "exponential",
    linear: "linear", cosine: "cosine", compounding: "compounding (mistake 9)",
  };
  // As in chapter 07: inverse time ends at a tenth of the first rate, exponential at a hundredth.
  const scheduleOf = (name, lr) => sgd.schedules[name](lr, {
    inverse_time: 9 / STEPS, exponential: 0.01 ** (1 / STEPS), linear: STEPS, cosine: STEPS,
    compounding: 0.9,
  }[name]);
  const steps = sgd.range(STEPS + 1);

  // The exact mean excess at every step.
  function expected(schedule, eigenvalues, sigma) {
    let squares = START.map((e) => e ** 2);
    const curve = [];
    for (const t of steps) {
      curve.push(0.5 * sgd.sum(squares.map((square, i) => eigenvalues[i] * square)));
      squares = squares.map((square, i) =>
        sgd.nextSquare(square, eigenvalues[i], sigma, schedule(t)));
    }
    return curve;
  }

  // The paths of the runs.
  const clouds = explorer.remember((chosen, rate, noise, spread, seed) =>
    sgd.range(RUNS).map((k) => {
      const epsilon = sgd.additive(noise, 1, sgd.normals(seed + k, 2 * STEPS));
      return sgd.train(sgd.surfaces.quadratic(spread), sgd.optimizers.sgd(),
        scheduleOf(chosen, rate), START, STEPS, epsilon);
    }));

  // Standard deviation at which a constant rate holds the runs in one direction.
  const ballRadius = (lambda, sigma, lr) => Math.sqrt((lr * sigma ** 2) / (lambda * (2 - lr * lambda)));

  panel.draw = ({ schedule: chosen, rate, noise, spread, shown, seed }) => {
    const surface = sgd.surfaces.quadratic(spread);
    const { eigenvalues } = surface;
    const t = Math.round(shown * STEPS);
    const schedule = scheduleOf(chosen, rate);
    const curves = {};
    for (const name of Object.keys(NAMES)) {
      curves[name] = expected(scheduleOf(name, rate), eigenvalues, noise);
    }

    rates.frame({
      x: [0, STEPS], y: [0, 1.05 * rate], xLabel: "step t", yLabel: "rate ηₜ",
    });
    excess.frame({
      x: [0, STEPS], y: [1e-3, 10], logY: true, xLabel: "step t", yLabel: "mean excess, exact",
    });
    Object.keys(NAMES).forEach((name, k) => {
      const look = style(k, { width: name === chosen ? 3.2 : 1.3 });
      rates.line(steps, steps.map(scheduleOf(name, rate)), look);
      excess.line(steps, curves[name], look);
    });
    const floors = steps.map((s) => sgd.floorOf(eigenvalues, noise, 1, schedule(s)));
    excess.line(steps, floors, { colour: explorer.INK, dash: [1, 2], width: 1.8 });
    rates.line([t, t], [0, 1.05 * rate], { width: 1 });
    excess.line([t, t], [1e-3, 10], { width: 1 });

    plane.frame({
      x: [-4.5, 2.5], y: [-2.5, 2.5], xLabel: "θ₁", yLabel: "θ₂",
    });
    plane.contours(surface.value, `quadratic${spread}`);
    const k = Object.keys(NAMES).indexOf(chosen);
    const [a, b] = eigenvalues.map((lambda) => 2 * ballRadius(lambda, noise, schedule(t)));
    plane.ellipse([0, 0], a, b, style(k));
    const cloud = clouds(chosen, rate, noise, spread, seed).map((path) => path[t]);
    plane.dots(cloud.map(([x]) => x), cloud.map(([, y]) => y), { size: 3, alpha: 0.7 });
    plane.star([0, 0]);

    const order = Object.keys(NAMES).sort((p, q) => curves[p].at(-1) - curves[q].at(-1));
    const inside = cloud.filter(([x, y]) => (x / a) ** 2 + (y / b) ** 2 <= 1).length;
    return [
      `Step ${t} of ${STEPS}, ${NAMES[chosen]}: the rate is ${digits(schedule(t))},`,
      `and ${inside} of ${RUNS} runs are inside its ball.`,
      `At the end the mean excess is ${digits(curves[chosen].at(-1))}.`,
      `With the first rate ${digits(rate)} the lowest is ${NAMES[order[0]]} with ${digits(curves[order[0]].at(-1))},`,
      `then ${NAMES[order[1]]} with ${digits(curves[order[1]].at(-1))}.`,
    ].join(" ");
  };
});
