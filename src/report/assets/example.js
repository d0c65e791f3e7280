// One recording: its event frames and the spikes of every layer, with one step marked in all of them.
const levels = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz-_";
const levelOf = Object.fromEntries([...levels].map((character, level) => [character, level / 63]));
const rgb = (hex) => [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16));

// ON events in one colour, OFF events in another, over the page's faint ground; three channels are a colour image.
function paintFrame(canvas, example, step) {
  const { c, h, w, frames } = example;
  canvas.width = w;
  canvas.height = h;
  const context = canvas.getContext("2d");
  const image = context.createImageData(w, h);
  const ground = rgb(cssColour("--faint")),
    inks = [rgb(cssColour("--on")), rgb(cssColour("--off"))];
  for (let pixel = 0; pixel < h * w; ++pixel) {
    const at = (channel) => frames[(step * c + channel) * h * w + pixel];
    const levelsHere = Array.from({ length: c }, (unused, channel) => levelOf[at(channel)]);
    const colour = c === 3 ? levelsHere.map((level) => 255 * level) : [...ground];
    for (let channel = 0; channel < c && c < 3; ++channel) {
      const level = levelsHere[channel];
      const strength = level > 0 ? 0.25 + 0.75 * level : 0;
      for (let i = 0; i < 3; ++i) colour[i] += (inks[channel][i] - colour[i]) * strength;
    }
    image.data.set([...colour, 255], pixel * 4);
  }
  context.putImageData(image, 0, 0);
}

const rasterColours = ["--c2", "--c4", "--c1", "--c3", "--c6", "--c5"];
function paintRaster(canvas, layer, steps, step, colour) {
  const ratio = devicePixelRatio || 1,
    width = Math.max(50, canvas.clientWidth);
  const rowHeight = Math.max(2, Math.min(6, 150 / Math.max(1, layer.shown)));
  const height = Math.max(18, rowHeight * layer.shown);
  canvas.style.height = `${height}px`;
  canvas.width = width * ratio;
  canvas.height = height * ratio;
  const context = canvas.getContext("2d");
  context.scale(ratio, ratio);
  const column = width / steps,
    row = height / Math.max(1, layer.shown);
  context.fillStyle = cssColour("--accent-soft");
  context.fillRect(step * column, 0, column, height);
  context.fillStyle = cssColour(colour);
  const gap = Math.min(2, column * 0.25);
  for (let t = 0; t < steps; ++t)
    for (let neuron = 0; neuron < layer.shown; ++neuron) {
      const count = Number(layer.spikes[t * layer.shown + neuron]);
      if (count === 0) continue;
      context.fillRect(t * column + gap / 2, neuron * row, column - gap, Math.max(1, row - 0.6));
    }
}

function spikeCount(layer) {
  let count = 0;
  for (const digit of layer.spikes) count += Number(digit);
  return count;
}
function rasterFigure(layer, steps) {
  const count = spikeCount(layer);
  const shown =
    layer.shown < layer.neurons
      ? `${layer.shown} of ${whole(layer.neurons)} neurons`
      : `${whole(layer.neurons)} neurons`;
  const share = percent(count / Math.max(1, steps * layer.shown));
  const canvas = el("canvas", {
    class: "spikes",
    role: "img",
    "aria-label": `Spikes of ${layer.node}: ${count} in ${steps} steps`,
  });
  return {
    canvas,
    layer,
    figure: el(
      "figure",
      { class: "raster" },
      el(
        "figcaption",
        {},
        el("b", {}, layer.node),
        el("span", {}, `${shown}, ${whole(count)} spikes (${share} of steps)`),
      ),
      canvas,
    ),
  };
}

function stepper(steps, show) {
  const slider = el("input", { type: "range", min: 0, max: steps - 1, value: 0, "aria-label": "Time step" });
  const output = el("output", {});
  let timer = null;
  const play = el("button", { type: "button", class: "play", onclick: () => (timer ? stop() : start()) }, "Play");
  function stop() {
    clearInterval(timer);
    timer = null;
    play.textContent = "Play";
  }
  function start() {
    timer = setInterval(() => go((Number(slider.value) + 1) % steps), 180);
    play.textContent = "Pause";
  }
  function go(step) {
    slider.value = step;
    output.textContent = `step ${step + 1} of ${steps}`;
    show(step);
  }
  slider.addEventListener("input", () => {
    stop();
    go(Number(slider.value));
  });
  return { go, now: () => Number(slider.value), node: el("div", { class: "stepper" }, play, slider, output) };
}

function frameStrip(example, go) {
  return Array.from({ length: example.steps }, (unused, step) => {
    const canvas = el("canvas", {});
    paintFrame(canvas, example, step);
    return el("button", { type: "button", "aria-label": `Step ${step + 1}`, onclick: () => go(step) }, canvas);
  });
}

function showVerdict(example) {
  const right = example.label === example.predicted;
  $("example-verdict").replaceChildren(
    `${example.sample}: labelled ${example.label}, answered `,
    el("span", { class: right ? "right" : "wrong" }, `${example.predicted} ${right ? "✓" : "✗"}`),
  );
}

function polarityLegend() {
  const mark = (colour, name) => el("span", {}, el("i", { style: `background:var(${colour})` }), name);
  return el("div", { class: "legend", style: "margin-top:8px" }, mark("--on", "ON"), mark("--off", "OFF"));
}

// The left half (frames and the control of the step) and the right half (a raster a layer), bound together.
function exampleHalves(example) {
  const rasters = example.layers.map((layer) => rasterFigure(layer, example.steps));
  const big = el("canvas", { class: "big", role: "img", "aria-label": "Input events of the marked step" });
  const hasFrames = example.frames.length > 0;
  let strip = [];
  const control = stepper(example.steps, (step) => {
    if (hasFrames) paintFrame(big, example, step);
    strip.forEach((button, i) => button.setAttribute("aria-pressed", String(i === step)));
    rasters.forEach(({ canvas, layer }, i) => paintRaster(canvas, layer, example.steps, step, rasterColours[i % 6]));
  });
  if (hasFrames && example.steps <= 40) strip = frameStrip(example, control.go);
  const stepAt = (event) => Math.floor((event.offsetX / event.currentTarget.clientWidth) * example.steps);
  for (const { canvas } of rasters)
    canvas.addEventListener("click", (event) => control.go(Math.min(example.steps - 1, stepAt(event))));
  const frames = hasFrames ? [big, example.c === 2 ? polarityLegend() : ""] : [];
  const left = el("div", {}, frames, control.node, el("div", { class: "strip" }, strip));
  const figures = rasters.map(({ figure }) => figure);
  const note = el("p", { class: "note quiet" }, "Each row is a neuron, each column a time step.");
  return { left, right: el("div", {}, figures, note), strip, control };
}

function showExample() {
  const example = data.example;
  if (!example || example.steps < 1) {
    $("example-section").hidden = true;
    return;
  }
  showVerdict(example);
  const { left, right, strip, control } = exampleHalves(example);
  $("example").replaceChildren(left, right);
  onWidth(right, () => control.go(control.now()));
  onScheme(() => {
    strip.forEach((button, i) => paintFrame(button.firstChild, example, i));
    control.go(control.now());
  });
}
