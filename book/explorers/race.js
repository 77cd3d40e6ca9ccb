// Explorer: a race of optimisers with equal budgets, for the run and for the tuning.
"use strict";

explorer.define("race", (panel) => {
  const { digits, style } = explorer;
  const STEPS = 300;
  const RUNS = 64;
  const GRID = sgd.geomspace(1e-5, 1e2, 36);
  const TUNING_RUNS = 8; // on seeds of their own
  const OPTIMIZERS = {
    SGD: sgd.optimizers.sgd(), momentum: sgd.optimizers.momentum(0.9),
    Nesterov: sgd.optimizers.nesterov(0.9), AdaGrad: sgd.optimizers.adagrad(),
    RMSprop: sgd.optimizers.rmsprop(), Adam: sgd.optimizers.adam(),
  };
  const { plane, curves } = panel.plots;
  const rows = [...panel.root.querySelectorAll("tbody tr")];
  let results = [];
  let job = 0;

  const surfaceOf = ({ surface, condition, turn }) => sgd.surfaces[surface](condition, turn);

  function run(surface, optimizer, rate, noise, seed) {
    const epsilon = noise ? sgd.additive(noise, 1, sgd.normals(seed, 2 * STEPS)) : null;
    const schedule = sgd.schedules.constant(rate);
    return sgd.train(surface, optimizer, schedule, surface.start, STEPS, epsilon);
  }

  // The rate of the grid whose median end is lowest, on seeds that are not reported.
  function tuned(surface, optimizer, noise) {
    const lowest = surface.value(surface.minimum);
    const ends = GRID.map((rate) => {
      const finals = sgd.range(noise ? TUNING_RUNS : 1).map((k) =>
        surface.value(run(surface, optimizer, rate, noise, 100000 + k).at(-1)) - lowest);
      return sgd.quantiles(finals, [0.5])[0];
    });
    return GRID[ends.indexOf(Math.min(...ends))];
  }

  function compete(name, settings) {
    const surface = surfaceOf(settings);
    const optimizer = OPTIMIZERS[name];
    const rate = settings.rates === "tuned"
      ? tuned(surface, optimizer, settings.noise) : settings.rate;
    const lowest = surface.value(surface.minimum);
    const paths = sgd.range(settings.noise ? RUNS : 1).map((k) =>
      run(surface, optimizer, rate, settings.noise, settings.seed + k));
    const losses = paths.map((path) => path.map((theta) => surface.value(theta) - lowest));
    return { name, rate, path: paths[0], losses, band: explorer.bandOf(losses) };
  }

  // One optimiser at a time, so that the page stays awake; a new setting stops the old race.
  panel.onchange = (names) => {
    if (names.every((name) => name === "shown")) return;
    const mine = ++job;
    results = [];
    const settings = panel.settings;
    const waiting = Object.keys(OPTIMIZERS);
    const next = () => {
      if (mine !== job) return;
      results.push(compete(waiting.shift(), settings));
      if (waiting.length) setTimeout(next);
      else panel.refresh();
    };
    setTimeout(next, 60);
  };

  panel.draw = (settings) => {
    const { surface: name, rates, shown, noise } = settings;
    panel.disable("condition", name !== "quadratic");
    panel.disable("turn", name !== "quadratic");
    panel.disable("rate", rates === "tuned");
    if (!job) panel.onchange(["first"]);
    if (results.length < rows.length) return "Tuning and running …";
    const surface = surfaceOf(settings);
    const last = Math.round(shown * STEPS);
    const steps = sgd.range(STEPS + 1);

    plane.frame({
      x: surface.window[0], y: surface.window[1], xLabel: "θ₁", yLabel: "θ₂", equal: true,
    });
    plane.contours(surface.value, [name, settings.condition, settings.turn].join());
    curves.frame({
      x: [0, STEPS], y: noise ? [1e-4, 1e2] : [1e-12, 1e2], logY: true,
      xLabel: "gradient evaluations", yLabel: "f(θ) − f*",
    });
    results.forEach(({ path, band }, k) => {
      const look = style(k);
      const part = path.slice(0, last + 1);
      plane.line(part.map(([x]) => x), part.map(([, y]) => y), { ...look, width: 1.4 });
      plane.dots(part.slice(-1).map(([x]) => x), part.slice(-1).map(([, y]) => y),
        { colour: look.colour, size: 4.5 });
      if (noise) curves.band(steps, band.low, band.high, { ...look, alpha: 0.07 });
      curves.line(steps, band.middle, { ...look, width: 2 });
    });
    plane.star(surface.minimum);
    curves.line([last, last], [1e-300, 1e300], { width: 1 });
    fill(rates);
    return tell(settings);
  };

  const wins = (k) => results[k].losses.filter((losses, r) =>
    results.every((other) => losses.at(-1) <= other.losses[r].at(-1))).length;

  function fill(rates) {
    rows.forEach((row, k) => {
      const { name, rate, losses, band } = results[k];
      const edge = rates === "tuned" && (rate === GRID[0] || rate === GRID.at(-1)) ? "*" : "";
      const cells = [name, digits(rate) + edge, digits(band.middle.at(-1), 2),
        `${wins(k)} of ${losses.length}`];
      cells.forEach((text, c) => (row.children[c].lastChild.textContent = text));
    });
  }

  function tell({ rates, noise }) {
    const end = ({ band }) => band.middle.at(-1);
    const order = [...results].sort((a, b) => end(a) - end(b));
    const [best, worst] = [order[0], order.at(-1)];
    return [
      rates === "tuned" ? "Each with its own best rate:" : "All with one rate:",
      `${best.name} ends lowest with ${digits(end(best))}, ${worst.name} highest with ${digits(end(worst))}${
        end(best) > 0 ? `, ${digits(end(worst) / end(best), 2)} times as high` : ""}.`,
      noise ? `These are medians; ${best.name} is lowest in ${wins(results.indexOf(best))} of ${RUNS} runs.`
        : "Without noise there is one run.",
    ].join(" ");
  }
});
