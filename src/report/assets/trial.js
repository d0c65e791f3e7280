// The selected trial: its figures, its layers, its training curves.
function cellBar(fraction, text) {
  const width = known(fraction) ? Math.max(0, Math.min(1, fraction)) : 0;
  return el(
    "td",
    { class: "number cell" },
    el("i", { style: `width:calc(${(100 * width).toFixed(1)}% - ${(24 * width).toFixed(1)}px)` }),
    el("span", {}, text),
  );
}

// The range of the weights on an axis that all layers of the trial share, with zero in the middle.
function rangeCell(layer, largest) {
  if (!known(layer.min) || !known(layer.max)) return el("td", {}, dash);
  const at = (value) => 48 + (46 * value) / (largest || 1);
  const drawing = svg(
    "svg",
    { class: "range", viewBox: "0 0 96 14", "aria-hidden": "true" },
    svg("line", { x1: 0, x2: 96, y1: 7, y2: 7 }),
    svg("line", { x1: 48, x2: 48, y1: 1, y2: 13 }),
    svg("rect", { x: at(layer.min), width: Math.max(1.5, at(layer.max) - at(layer.min)), y: 4, height: 6, rx: 2 }),
  );
  return el("td", {}, drawing, `${significant(layer.min)} … ${significant(layer.max)}`);
}

const layerHeads = [
  ["layer"],
  ["bits", 1],
  ["zeros", 1],
  ["range of weights"],
  ["step", 1],
  ["weights", 1],
  ["input density", 1],
  ["energy", 1],
  ["cycles", 1],
  ["encoding"],
];
const numberCell = (text) => el("td", { class: "number" }, text);
function layerRow(layer, largest, most) {
  const energy = known(layer.energy_pj) ? energyText(layer.energy_pj * 1e-9) : dash;
  return el(
    "tr",
    {},
    el("td", {}, layer.node),
    numberCell(layer.bits >= 32 ? "float" : String(layer.bits)),
    cellBar(layer.zeros, percent(layer.zeros)),
    rangeCell(layer, largest),
    numberCell(significant(layer.scale)),
    numberCell(whole(layer.weights)),
    cellBar(layer.density, percent(layer.density)),
    cellBar(most > 0 ? layer.energy_pj / most : 0, energy),
    numberCell(whole(layer.cycles)),
    el("td", {}, layer.encoding || dash),
  );
}

function showLayers(trial) {
  if (trial.layers.length === 0) {
    $("layers").replaceChildren(el("p", { class: "note", style: "padding:0 14px" }, "No layers were measured."));
    return;
  }
  const bounds = trial.layers.flatMap((layer) => [layer.min, layer.max]).filter(known);
  const largest = Math.max(0, ...bounds.map(Math.abs));
  const most = Math.max(0, ...trial.layers.map((layer) => layer.energy_pj).filter(known));
  const head = ([name, number]) => el("th", { scope: "col", class: number ? "number" : null }, el("span", {}, name));
  const rows = trial.layers.map((layer) => layerRow(layer, largest, most));
  $("layers").replaceChildren(
    el("table", {}, el("thead", {}, el("tr", {}, layerHeads.map(head))), el("tbody", {}, rows)),
  );
}

let plots = [];
const axisStyle = () => ({
  stroke: cssColour("--soft"),
  grid: { stroke: cssColour("--line"), width: 1 },
  ticks: { stroke: cssColour("--line"), width: 1, size: 5 },
  font: "12px system-ui, sans-serif",
});
function curve({ figure, epochs, series }) {
  const line = (name, colour, decimals) => ({
    label: name,
    stroke: cssColour(colour),
    width: 2,
    spanGaps: true,
    points: { size: 5, show: epochs.length < 40 },
    value: (plot, value) => (known(value) ? value.toFixed(decimals) : dash),
  });
  const options = {
    width: Math.max(220, figure.clientWidth),
    height: 230,
    cursor: { y: false },
    scales: { x: { time: false } },
    axes: [
      { ...axisStyle(), incrs: [1, 2, 5, 10, 20, 50, 100, 200, 500] },
      { ...axisStyle(), size: 60, values: (plot, ticks) => ticks.map((tick) => significant(tick, 4)) },
    ],
    series: [{ label: "epoch" }, ...series.map(([name, colour, , decimals]) => line(name, colour, decimals))],
  };
  plots.push(new uPlot(options, [epochs, ...series.map(([, , values]) => values)], figure));
}
function showCurves(trial) {
  plots.forEach((plot) => plot.destroy());
  plots = [];
  $("curves").replaceChildren();
  const { epoch, loss, train, validation, rate } = trial.epochs;
  if (epoch.length === 0) {
    $("curves").append(el("p", { class: "note" }, "No epochs were recorded."));
    return;
  }
  const hundred = (values) => values.map((value) => (known(value) ? 100 * value : null));
  const curves = [
    [
      "Accuracy by epoch, %",
      [
        ["validation", "--c2", hundred(validation), 1],
        ["training", "--c1", hundred(train), 1],
      ],
    ],
    ["Training loss by epoch", [["loss", "--c4", loss, 4]]],
    ["Learning rate by epoch", [["learning rate", "--c3", rate, 6]]],
  ]
    .filter(([, series]) => series.some(([, , values]) => values.some(known)))
    .map(([caption, series]) => ({ figure: el("figure", {}, el("figcaption", {}, caption)), epochs: epoch, series }));
  $("curves").append(...curves.map(({ figure }) => figure)); // all of them first: their number decides their width
  curves.forEach(curve);
}

function showTrial(index) {
  const trial = data.trials[index];
  const group = groupOf[index];
  const figures = trialFigures(trial);
  $("trial").replaceChildren(
    el(
      "p",
      { class: "trial-name" },
      trial.key,
      group && group.on_front ? el("span", { class: "star" }, "  ★ on the Pareto front") : "",
    ),
    trial.error ? el("p", { class: "note" }, `${trial.status}: ${trial.error}`) : "",
    el(
      "div",
      { class: "summary" },
      figures.map(([name, value]) => el("div", {}, el("small", {}, name), el("b", {}, value))),
    ),
    el("p", { class: "plan" }, el("code", {}, trial.plan || "no compression")),
    trial.run_dir ? el("p", { class: "note quiet" }, `Checkpoints and logs: ${trial.run_dir}`) : "",
  );
  $("trial-picker").value = String(index);
  showLayers(trial);
  showCurves(trial);
}

function showTrials() {
  const picker = $("trial-picker");
  data.trials.forEach((trial, index) =>
    picker.append(
      el("option", { value: index }, trial.status === "done" ? trial.key : `${trial.key} (${trial.status})`),
    ),
  );
  picker.addEventListener("change", () => select(Number(picker.value)));
  onSelect(showTrial);
  onWidth($("curves"), () =>
    plots.forEach((plot) => plot.setSize({ width: Math.max(220, plot.root.parentElement.clientWidth), height: 230 })),
  );
  onScheme(() => {
    if (selected >= 0) showCurves(data.trials[selected]);
  });
}
