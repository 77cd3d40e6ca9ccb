// What the explorers share: reading the controls, drawing, dragging, playing, and telling in words.
"use strict";

const explorer = (() => {
  // Colours and dashes of the book's figures (sgdcore/plots.py). In dark mode the style sheet
  // inverts the canvas, as it does the figures.
  const COLOURS = ["#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000"];
  const DASHES = [[], [6, 2], [2, 1.5], [6, 2, 1.5, 2], [10, 2], [], []];
  const GREY = "#767676";
  const INK = "#222222";
  const CALM = matchMedia("(prefers-reduced-motion: reduce)");
  const MARGIN = { left: 46, right: 12, top: 26, bottom: 40 };

  // The look of line k; the sixth is black, since light blue is near to the blue of the first.
  function style(k, options = {}) {
    const look = k === 5 ? 6 : k;
    return { colour: COLOURS[look], dash: DASHES[look], ...options };
  }

  // --- Numbers in words: three digits, powers of ten where there are too many zeros. ---

  const raised = (n) => String(n).replace(/[-\d]/g, (c) => (c === "-" ? "⁻" : "⁰¹²³⁴⁵⁶⁷⁸⁹"[c]));

  function digits(value, count = 3) {
    if (value === 0) return "0";
    if (!Number.isFinite(value)) return "infinity";
    const power = Math.floor(Math.log10(Math.abs(value)));
    if (power >= -3 && power < 5) {
      return String(Number(value.toPrecision(count))).replace("-", "−");
    }
    const [mantissa, exponent] = value.toExponential(count - 1).split("e");
    return `${Number(mantissa)}×10${raised(Number(exponent))}`.replace(/^-/, "−");
  }

  // --- One plot: a frame with two axes, and what is drawn in it. ---

  class Plot {
    constructor(box) {
      this.box = box;
      this.canvas = box.querySelector("canvas");
      this.handle = box.querySelector("button");
      this.ink = this.canvas.getContext("2d");
    }

    // Clear, and draw the axes. `equal` widens one of the ranges until both have one unit.
    frame({ x, y, logX = false, logY = false, xLabel, yLabel, equal = false }) {
      const { clientWidth: width, clientHeight: height } = this.box;
      const density = window.devicePixelRatio || 1;
      this.canvas.width = Math.round(width * density);
      this.canvas.height = Math.round(height * density);
      this.ink.setTransform(density, 0, 0, density, 0, 0);
      this.font = getComputedStyle(this.box).fontFamily;
      this.area = {
        left: MARGIN.left,
        top: MARGIN.top,
        width: width - MARGIN.left - MARGIN.right,
        height: height - MARGIN.top - MARGIN.bottom,
      };
      [this.logX, this.logY] = [logX, logY];
      [this.x, this.y] = equal ? widened(x, y, this.area) : [x, y];
      this.#axes(xLabel, yLabel);
      this.legendAt = 0;
    }

    // From data to pixels, and back.
    px(x) {
      return this.area.left + share(x, this.x, this.logX) * this.area.width;
    }

    py(y) {
      return this.area.top + (1 - share(y, this.y, this.logY)) * this.area.height;
    }

    at(pixelX, pixelY) {
      const across = (pixelX - this.area.left) / this.area.width;
      const up = 1 - (pixelY - this.area.top) / this.area.height;
      return [
        this.x[0] + across * (this.x[1] - this.x[0]),
        this.y[0] + up * (this.y[1] - this.y[0]),
      ];
    }

    line(xs, ys, { colour = INK, dash = [], width = 1.8, dots = 0, label } = {}) {
      this.#inside((ink) => {
        ink.strokeStyle = ink.fillStyle = colour;
        ink.lineWidth = width;
        ink.setLineDash(dash.map((length) => length * width));
        ink.beginPath();
        let pen = "moveTo";
        for (let k = 0; k < xs.length; k++) {
          const [x, y] = [this.px(xs[k]), this.#clamp(this.py(ys[k]))];
          if (Number.isFinite(x) && Number.isFinite(y)) {
            ink[pen](x, y);
            pen = "lineTo";
          }
        }
        ink.stroke();
        if (dots) this.#dots(xs, ys, dots);
      });
      if (label) this.#legend(label, { colour, dash, width });
    }

    band(xs, low, high, { colour, alpha = 0.2 }) {
      this.#inside((ink) => {
        ink.fillStyle = colour;
        ink.globalAlpha = alpha;
        ink.beginPath();
        xs.forEach((x, k) => ink.lineTo(this.px(x), this.#clamp(this.py(high[k]))));
        for (let k = xs.length - 1; k >= 0; k--) {
          ink.lineTo(this.px(xs[k]), this.#clamp(this.py(low[k])));
        }
        ink.fill();
      });
    }

    dots(xs, ys, { colour = INK, size = 2.5, alpha = 1 } = {}) {
      this.#inside((ink) => {
        ink.fillStyle = colour;
        ink.globalAlpha = alpha;
        this.#dots(xs, ys, size);
      });
    }

    star([x, y]) {
      this.#inside((ink) => {
        ink.fillStyle = INK;
        ink.beginPath();
        for (let k = 0; k < 10; k++) {
          const radius = k % 2 ? 3 : 7.5;
          const angle = (Math.PI * k) / 5 - Math.PI / 2;
          ink.lineTo(
            this.px(x) + radius * Math.cos(angle),
            this.py(y) + radius * Math.sin(angle),
          );
        }
        ink.fill();
      });
    }

    ellipse([x, y], radiusX, radiusY, { colour }) {
      this.#inside((ink) => {
        const [a, b] = [
          this.px(x + radiusX) - this.px(x),
          this.py(y) - this.py(y + radiusY),
        ];
        ink.beginPath();
        ink.ellipse(this.px(x), this.py(y), a, b, 0, 0, 2 * Math.PI);
        ink.fillStyle = ink.strokeStyle = colour;
        ink.lineWidth = 2;
        ink.stroke();
        ink.globalAlpha = 0.15;
        ink.fill();
      });
    }

    // A vertical line with its name at the top (lower by `row` lines, where names would meet).
    upright(x, label, { colour = INK, dash = [2, 2], row = 0, left = false } = {}) {
      this.line([x, x], this.y, { colour, dash, width: 1.3 });
      const y = this.area.top + 12 + 16 * row;
      const { width } = this.ink.measureText(label);
      const start = this.px(x) + (left ? -5 - width : 5);
      this.ink.clearRect(start, y - 11, width, 15); // no line through the name
      this.#text(label, start, y, { colour });
    }

    // Level lines at quantiles of the values in the window, over a soft relief of their ranks.
    contours(value, key) {
      const name = [key, this.x, this.y, this.area.width, this.area.height].join();
      if (this.relief?.name !== name) this.relief = { name, ...relief(value, this) };
      this.#inside((ink) => {
        ink.imageSmoothingEnabled = true;
        const { left, top, width, height } = this.area;
        ink.drawImage(this.relief.picture, left, top, width, height);
        ink.strokeStyle = GREY;
        ink.lineWidth = 0.7;
        ink.globalAlpha = 0.75;
        ink.stroke(this.relief.lines);
      });
    }

    #clamp(y) {
      return Math.max(-1e4, Math.min(1e4, y)); // what is infinite leaves by the edge
    }

    #dots(xs, ys, size) {
      this.ink.beginPath();
      for (let k = 0; k < xs.length; k++) {
        const [x, y] = [this.px(xs[k]), this.py(ys[k])];
        this.ink.moveTo(x + size, y);
        this.ink.arc(x, y, size, 0, 2 * Math.PI);
      }
      this.ink.fill();
    }

    #inside(draw) {
      const { left, top, width, height } = this.area;
      this.ink.save();
      this.ink.beginPath();
      this.ink.rect(left, top, width, height);
      this.ink.clip();
      draw(this.ink);
      this.ink.restore();
    }

    #text(text, x, y, { align = "left", colour = INK } = {}) {
      this.ink.font = `13px ${this.font}`;
      this.ink.fillStyle = colour;
      this.ink.textAlign = align;
      this.ink.fillText(text, x, y);
    }

    // From the upper right corner down.
    #legend(label, { colour, dash, width }) {
      const y = this.area.top + 13 + 17 * this.legendAt++;
      const x = this.area.left + this.area.width - 4;
      this.#text(label, x - 34, y, { align: "right" });
      this.ink.save();
      this.ink.strokeStyle = colour;
      this.ink.lineWidth = width;
      this.ink.setLineDash(dash.map((length) => length * width));
      this.ink.beginPath();
      this.ink.moveTo(x - 28, y - 4);
      this.ink.lineTo(x, y - 4);
      this.ink.stroke();
      this.ink.restore();
    }

    #axes(xLabel, yLabel) {
      const { ink } = this;
      const { left, top, width, height } = this.area;
      ink.lineWidth = 1;
      for (const tick of ticks(this.x, this.logX, width / 60)) {
        this.#rule(this.px(tick), top, this.px(tick), top + height);
        this.#text(tickName(tick, this.logX), this.px(tick), top + height + 16, {
          align: "center",
        });
      }
      for (const tick of ticks(this.y, this.logY, height / 34)) {
        this.#rule(left, this.py(tick), left + width, this.py(tick));
        this.#text(tickName(tick, this.logY), left - 6, this.py(tick) + 4, { align: "right" });
      }
      ink.strokeStyle = "#444444";
      ink.strokeRect(left, top + height, width, 0);
      ink.strokeRect(left, top, 0, height);
      this.#text(xLabel, left + width, top + height + 34, { align: "right" });
      this.#text(yLabel, 4, 15);
    }

    #rule(fromX, fromY, toX, toY) {
      this.ink.strokeStyle = "rgba(136, 136, 136, 0.25)";
      this.ink.beginPath();
      this.ink.moveTo(fromX, fromY);
      this.ink.lineTo(toX, toY);
      this.ink.stroke();
    }
  }

  const share = (value, [from, to], log) =>
    log ? Math.log(value / from) / Math.log(to / from) : (value - from) / (to - from);

  function widened(x, y, { width, height }) {
    const unit = Math.max((x[1] - x[0]) / width, (y[1] - y[0]) / height);
    const around = ([from, to], length) => {
      const extra = (unit * length - (to - from)) / 2;
      return [from - extra, to + extra];
    };
    return [around(x, width), around(y, height)];
  }

  function ticks([from, to], log, most) {
    const found = [];
    if (log) {
      const [low, high] = [Math.ceil(Math.log10(from) - 1e-9), Math.floor(Math.log10(to) + 1e-9)];
      const every = Math.max(1, Math.ceil((high - low + 1) / most));
      for (let power = low; power <= high; power += every) found.push(10 ** power);
      return found;
    }
    const rough = (to - from) / most;
    const size = 10 ** Math.floor(Math.log10(rough));
    const step = [1, 2, 5, 10].find((factor) => factor * size >= rough) * size;
    for (let k = Math.ceil(from / step); k * step <= to; k++) found.push(k * step);
    return found;
  }

  function tickName(tick, log) {
    if (!log) return String(Number(tick.toPrecision(6))).replace("-", "−");
    const power = Math.round(Math.log10(tick));
    return power >= -2 && power <= 3 ? String(10 ** power) : `10${raised(power)}`;
  }

  // The lines by marching squares: where a level crosses the edges of a cell of the grid, straight.
  function relief(value, plot) {
    const [columns, rows] = [121, 91];
    const xs = sgd.range(columns).map((k) => plot.x[0] + (k / (columns - 1)) * (plot.x[1] - plot.x[0]));
    const ys = sgd.range(rows).map((k) => plot.y[0] + (k / (rows - 1)) * (plot.y[1] - plot.y[0]));
    const heights = ys.map((y) => xs.map((x) => value([x, y])));
    const sorted = heights.flat().sort((a, b) => a - b);
    const quantileAt = (q) => sorted[Math.floor(q * (sorted.length - 1))];
    const levels = sgd.range(12).map((k) => quantileAt(0.01 + (0.94 * k) / 11));

    const lines = new Path2D();
    for (const level of levels) {
      for (let r = 0; r + 1 < rows; r++) {
        for (let c = 0; c + 1 < columns; c++) {
          const corners = [[c, r], [c + 1, r], [c + 1, r + 1], [c, r + 1]];
          const crossings = [];
          corners.forEach(([c0, r0], k) => {
            const [c1, r1] = corners[(k + 1) % 4];
            const [a, b] = [heights[r0][c0] - level, heights[r1][c1] - level];
            if (a < 0 === b < 0) return;
            const along = a / (a - b);
            crossings.push([
              plot.px(xs[c0] + along * (xs[c1] - xs[c0])),
              plot.py(ys[r0] + along * (ys[r1] - ys[r0])),
            ]);
          });
          for (let k = 0; k + 1 < crossings.length; k += 2) {
            lines.moveTo(...crossings[k]);
            lines.lineTo(...crossings[k + 1]);
          }
        }
      }
    }

    const picture = document.createElement("canvas");
    [picture.width, picture.height] = [columns, rows];
    const image = new ImageData(columns, rows);
    for (let r = 0; r < rows; r++) {
      for (let c = 0; c < columns; c++) {
        const rank = levels.filter((level) => heights[rows - 1 - r][c] > level).length;
        image.data.set([0, 114, 178, 40 - 3 * rank], 4 * (r * columns + c));
      }
    }
    picture.getContext("2d").putImageData(image, 0, 0);
    return { lines, picture };
  }

  // --- One explorer on the page. ---

  class Panel {
    constructor(root) {
      this.root = root;
      this.plots = {};
      for (const box of root.querySelectorAll(".explorer-plot")) {
        this.plots[box.dataset.plot] = new Plot(box);
      }
      this.inputs = {};
      for (const input of root.querySelectorAll("[name]")) this.inputs[input.name] = input;
      this.summary = root.querySelector(".explorer-summary");
      this.extra = { seed: 0 }; // settings that no input holds
      this.presets = JSON.parse(root.dataset.presets);
      this.first = JSON.parse(root.dataset.settings);
      this.set(this.first);
      this.#listen();
    }

    get settings() {
      const found = { ...this.extra };
      for (const [name, input] of Object.entries(this.inputs)) found[name] = valueOf(input);
      return found;
    }

    // Put the controls where these settings say; what is not named stays.
    set(settings) {
      for (const [name, value] of Object.entries(settings)) {
        const input = this.inputs[name];
        if (!input) this.extra[name] = value;
        else if (input.type === "range") {
          input.value = toPosition(value, input.dataset.scale);
          input.dataset.exact = value; // the slider itself stands at its nearest step
        } else input.value = value;
      }
      for (const input of Object.values(this.inputs)) tellValue(input);
    }

    disable(name, whether) {
      this.inputs[name].disabled = whether;
      this.inputs[name].closest(".explorer-control").classList.toggle("is-off", whether);
    }

    // Draw in the next frame, and say what is seen once the reader pauses.
    refresh() {
      if (!this.seen || this.waiting) return;
      this.waiting = requestAnimationFrame(() => {
        this.waiting = null;
        this.say(this.draw(this.settings));
        this.root.classList.add("is-drawn");
      });
    }

    say(text) {
      clearTimeout(this.pause);
      this.pause = setTimeout(() => {
        if (this.summary.textContent !== text) this.summary.textContent = text;
      }, 250);
    }

    change(settings) {
      this.set(settings);
      this.onchange?.(Object.keys(settings));
      this.refresh();
    }

    // Let a point of a plot be moved, by pointer and by arrow keys.
    movable(plot, name, where, move) {
      const { handle } = plot;
      const to = (x, y) => {
        const inside = (value, [from, end]) => Math.min(end, Math.max(from, value));
        move([inside(x, plot.x), inside(y, plot.y)]);
        this.refresh();
      };
      const follow = (event) => {
        const corner = plot.canvas.getBoundingClientRect();
        to(...plot.at(event.clientX - corner.left, event.clientY - corner.top));
      };
      handle.addEventListener("pointerdown", (event) => handle.setPointerCapture(event.pointerId));
      handle.addEventListener("pointermove", (event) => {
        if (handle.hasPointerCapture(event.pointerId)) follow(event);
      });
      plot.canvas.addEventListener("click", follow);
      handle.addEventListener("keydown", (event) => {
        const direction = {
          ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowDown: [0, -1], ArrowUp: [0, 1],
        }[event.key];
        if (!direction) return;
        event.preventDefault(); // the page must not scroll
        const step = (plot.x[1] - plot.x[0]) / (event.shiftKey ? 400 : 40);
        const [x, y] = where();
        to(x + step * direction[0], y + step * direction[1]);
      });
      return () => {
        const [x, y] = where();
        handle.style.transform = `translate(${plot.px(x)}px, ${plot.py(y)}px)`;
        handle.setAttribute(
          "aria-label", `${name}, now at ${digits(x, 2)}, ${digits(y, 2)}; arrow keys move it`,
        );
      };
    }

    // Run the control "shown" from 0 to 1, at once where the reader wants no motion.
    play() {
      cancelAnimationFrame(this.playing);
      if (CALM.matches) return this.change({ shown: 1 });
      const began = performance.now();
      const advance = (now) => {
        const shown = Math.min(1, Math.max(0, (now - began) / 6000));
        this.change({ shown });
        if (shown < 1) this.playing = requestAnimationFrame(advance);
      };
      this.playing = requestAnimationFrame(advance);
    }

    #listen() {
      for (const [name, input] of Object.entries(this.inputs)) {
        input.addEventListener("input", () => {
          cancelAnimationFrame(this.playing);
          delete input.dataset.exact;
          tellValue(input);
          this.onchange?.([name]);
          this.refresh();
        });
      }
      const actions = {
        play: () => this.play(),
        noise: () => this.change({ seed: this.extra.seed + 1000 }),
        reset: () => this.change(this.first),
      };
      for (const button of this.root.querySelectorAll("button[data-action]")) {
        button.addEventListener("click", actions[button.dataset.action]);
      }
      for (const button of this.root.querySelectorAll("button[data-preset]")) {
        button.addEventListener("click", () => {
          this.change({ ...this.first, ...this.presets[button.dataset.preset] });
        });
      }
    }

    // Nothing is computed before the reader comes near.
    start() {
      this.root.classList.add("is-live");
      new IntersectionObserver(
        (entries, observer) => {
          if (!entries.some((entry) => entry.isIntersecting)) return;
          observer.disconnect();
          this.seen = true;
          new ResizeObserver(() => this.refresh()).observe(this.root);
        },
        { rootMargin: "400px" },
      ).observe(this.root);
    }
  }

  // A slider on a logarithmic scale holds the logarithm, to the base of its scale.
  const BASE = { log10: 10, log2: 2 };
  const toPosition = (value, scale) =>
    scale ? Math.log(value) / Math.log(BASE[scale]) : value;

  function valueOf(input) {
    if (input.type !== "range") return input.value;
    if (input.dataset.exact) return Number(input.dataset.exact);
    const position = Number(input.value);
    return input.dataset.scale ? BASE[input.dataset.scale] ** position : position;
  }

  function tellValue(input) {
    if (input.type !== "range") return;
    const percent = input.dataset.unit === "%";
    const text = percent ? `${Math.round(100 * valueOf(input))} %`
      : digits(valueOf(input)) + (input.dataset.unit || "");
    input.setAttribute("aria-valuetext", text);
    input.closest(".explorer-control").querySelector(".explorer-value").textContent = text;
  }

  // Every explorer of this kind on the page. `build` gives the panel its `draw(settings)`, which
  // returns the summary.
  function define(kind, build) {
    for (const root of document.querySelectorAll(`.explorer[data-kind="${kind}"]`)) {
      const panel = new Panel(root);
      build(panel);
      panel.start();
    }
  }

  // The median of many curves and the band from 10 to 90 %, as in every figure of the book.
  function bandOf(curves) {
    const band = { low: [], middle: [], high: [] };
    curves[0].forEach((_, k) => {
      const [low, middle, high] = sgd.quantiles(curves.map((curve) => curve[k]), [0.1, 0.5, 0.9]);
      band.low.push(low);
      band.middle.push(middle);
      band.high.push(high);
    });
    return band;
  }

  // Compute again only when what it is computed from has changed.
  function remember(compute) {
    let known, result;
    return (...inputs) => {
      const key = JSON.stringify(inputs);
      if (key !== known) [known, result] = [key, compute(...inputs)];
      return result;
    };
  }

  return { define, style, digits, bandOf, remember, COLOURS, DASHES, GREY, INK };
})();
