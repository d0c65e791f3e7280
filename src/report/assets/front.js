// The scatter of trials with the Pareto front: a cost across (energy, bytes, non-zeros, bit operations), validation
// accuracy up. `key` names the cost in trials, groups and data.fronts.
const costs = [
  { key: "energy", name: "energy", axis: "energy of one sample", units: energyUnits },
  { key: "file_bytes", name: "file bytes", axis: "weights in the packed file", units: byteUnits },
  { key: "nonzeros", name: "non-zeros", axis: "weights that are not zero", units: countUnits },
  { key: "bit_operations", name: "bit operations", axis: "bit operations of one sample", units: countUnits },
];
const isDrawn = (trial, key) => trial.status === "done" && known(trial[key]) && known(trial.validation);
const drawnBy = (key) =>
  data.trials
    .map((trial, index) => ({ trial, index }))
    .filter(({ trial }) => isDrawn(trial, key))
    .sort((a, b) => a.trial[key] - b.trial[key] || a.trial.validation - b.trial.validation);
const frontBy = (key) => data.fronts[key].map((index) => data.groups[index]);
const frontGroups = frontBy("energy");

function niceStep(span, wanted) {
  const raw = span / wanted,
    power = 10 ** Math.floor(Math.log10(raw));
  return [1, 2, 2.5, 5, 10].map((m) => m * power).find((step) => step >= raw);
}
function linearTicks(low, high, wanted) {
  const step = niceStep(high - low || 1, wanted),
    ticks = [];
  for (let i = Math.ceil(low / step - 1e-9); i * step <= high + step * 1e-9; ++i)
    ticks.push(Number((i * step).toPrecision(12)));
  return ticks;
}
function logTicks(low, high, wanted) {
  const ticks = [];
  const decades = Math.log10(high / low);
  const parts = decades > wanted ? [1] : decades > 1.5 ? [1, 2, 5] : [1, 1.5, 2, 3, 4, 5, 6, 8];
  for (let power = Math.floor(Math.log10(low)); power <= Math.log10(high); ++power)
    for (const part of parts) {
      const tick = part * 10 ** power;
      if (tick >= low * 0.999 && tick <= high * 1.001) ticks.push(Number(tick.toPrecision(6)));
    }
  return ticks;
}

// Maps costs (in the panel's unit) and accuracies (per cent) to pixels.
function frontScales(width, height, cost, mode) {
  const drawn = drawnBy(cost.key);
  const box = { left: 52, right: width - 16, top: 40, bottom: height - 46 };
  const largest = Math.max(...drawn.map(({ trial }) => trial[cost.key]));
  const [unit, factor] = unitFor(cost.units, largest);
  const values = drawn.map(({ trial }) => trial[cost.key] * factor);
  const accuracies = drawn.map(({ trial }) => 100 * trial.validation);
  const log = mode === "log" && values.every((value) => value > 0);
  const low = Math.min(...values),
    high = Math.max(...values);
  const xLow = log ? low / 1.18 : 0,
    xHigh = log ? high * 1.18 : high * 1.06 || 1;
  const room = Math.max(0.5, (Math.max(...accuracies) - Math.min(...accuracies)) * 0.08);
  const yLow = Math.max(0, Math.min(...accuracies) - room),
    yHigh = Math.min(100, Math.max(...accuracies) + room);
  const along = (value) => (log ? Math.log(value / xLow) / Math.log(xHigh / xLow) : (value - xLow) / (xHigh - xLow));
  return {
    cost,
    drawn,
    box,
    unit,
    factor,
    log,
    x: (value) => box.left + along(value * factor) * (box.right - box.left),
    y: (fraction) => box.bottom - ((100 * fraction - yLow) / (yHigh - yLow || 1)) * (box.bottom - box.top),
    xTicks: (log ? logTicks : linearTicks)(xLow, xHigh, width < 520 ? 4 : 8),
    yTicks: linearTicks(yLow, yHigh, 6),
  };
}

function frontAxes(scale) {
  const { box } = scale,
    parts = [];
  let lastRight = -100;
  for (const tick of scale.xTicks) {
    const x = scale.x(tick / scale.factor);
    parts.push(svg("line", { class: "grid", x1: x, x2: x, y1: box.top, y2: box.bottom }));
    const label = significant(tick, 4),
      half = label.length * 3.6;
    if (x - half < lastRight + 6) continue;
    parts.push(svg("text", { x, y: box.bottom + 18, "text-anchor": "middle" }, label));
    lastRight = x + half;
  }
  for (const tick of scale.yTicks) {
    const y = scale.y(tick / 100);
    parts.push(
      svg("line", { class: "grid", x1: box.left, x2: box.right, y1: y, y2: y }),
      svg("text", { x: box.left - 8, y: y + 4, "text-anchor": "end" }, significant(tick, 4)),
    );
  }
  parts.push(
    svg(
      "text",
      { x: (box.left + box.right) / 2, y: box.bottom + 38, "text-anchor": "middle" },
      `${scale.cost.axis}${scale.unit ? `, ${scale.unit}` : ""}${scale.log ? " (logarithmic)" : ""}`,
    ),
    svg(
      "text",
      {
        x: 13,
        y: (box.top + box.bottom) / 2,
        "text-anchor": "middle",
        transform: `rotate(-90 13 ${(box.top + box.bottom) / 2})`,
      },
      "validation accuracy, %",
    ),
  );
  return parts;
}

// The band within the tolerance of the baseline: what the finding is chosen from.
function toleranceBand(scale) {
  if (!baselineGroup || !known(baselineGroup.validation.mean)) return [];
  const { box } = scale;
  const y = Math.min(box.bottom, scale.y(baselineGroup.validation.mean - data.tolerance));
  return [
    svg("rect", {
      class: "tolerance",
      x: box.left,
      y: box.top,
      width: box.right - box.left,
      height: Math.max(0, y - box.top),
    }),
    svg("line", { class: "tolerance-line", x1: box.left, x2: box.right, y1: y, y2: y }),
    box.right < 500
      ? ""
      : svg(
          "text",
          { x: box.right - 4, y: y - 6, "text-anchor": "end" },
          `within ${significant(100 * data.tolerance)} ${data.tolerance === 0.01 ? "point" : "points"} of the baseline`,
        ),
  ];
}

// A staircase: between two plans of the front nothing better than the cheaper one is known.
function frontLine(scale) {
  const parts = [];
  const groups = frontBy(scale.cost.key);
  let path = "";
  groups.forEach((group, i) => {
    const x = scale.x(group[scale.cost.key].mean),
      y = scale.y(group.validation.mean);
    path += i === 0 ? `M${x} ${y}` : `H${x}V${y}`;
    parts.push(svg("circle", { class: "front-ring", cx: x, cy: y, r: 11 }));
  });
  if (groups.length > 0) path += `H${scale.box.right}`;
  return [svg("path", { class: "front-line", d: path }), ...parts];
}

// The best plan and the baseline by name, above the plot where no point can be covered, each with a line to its ring.
function frontNames(scale) {
  const named = [
    [bestGroup, "best: "],
    [baselineGroup, ""],
  ].filter(
    ([group], i, all) =>
      group && known(group[scale.cost.key].mean) && all.findIndex(([other]) => other === group) === i,
  );
  return named.map(([group, word], i) => {
    const x = scale.x(group[scale.cost.key].mean),
      y = scale.y(group.validation.mean);
    const right = x < (scale.box.left + scale.box.right) / 2,
      row = i === 0 && named.length > 1 ? 12 : 28;
    return svg(
      "g",
      {},
      svg("line", { class: "leader", x1: x, x2: x, y1: row + 5, y2: y - 12 }),
      svg(
        "text",
        { class: "name", x: right ? x - 4 : x + 4, y: row, "text-anchor": right ? "start" : "end" },
        group === baselineGroup ? "baseline" : word + group.name,
      ),
    );
  });
}

function frontPoint(scale, { trial, index }, position) {
  const value = trial[scale.cost.key];
  const cost = `${scale.cost.name} ${digits(value * scale.factor)} ${scale.unit}`;
  const label = `${trial.key}: validation ${percent(trial.validation)}, ${cost.trim()}`;
  const point = svg(
    "g",
    {
      class: "point",
      role: "button",
      tabindex: position === 0 ? 0 : -1,
      "aria-label": label,
      "data-trial": index,
      "aria-pressed": String(index === selected),
      transform: `translate(${scale.x(value)} ${scale.y(trial.validation)})`,
    },
    svg("circle", { class: "halo", r: 9.5 }),
    svg("path", { d: shapeOf(trial.bits), style: `fill:${colourOf(trial.combination)}` }),
  );
  const tell = () => {
    const box = point.getBoundingClientRect();
    showTip(box.right - box.width / 2, box.top + box.height / 2, trial.key, trialFigures(trial));
  };
  point.addEventListener("mouseenter", tell);
  point.addEventListener("focus", tell);
  point.addEventListener("mouseleave", hideTip);
  point.addEventListener("blur", hideTip);
  point.addEventListener("click", () => select(index));
  return point;
}

// One tab stop for the whole chart; arrows go along the cost axis.
function frontKeys(event) {
  const points = [...$("front").querySelectorAll(".point")];
  const at = points.indexOf(document.activeElement);
  if (at < 0) return;
  const move = { ArrowRight: 1, ArrowUp: 1, ArrowLeft: -1, ArrowDown: -1 }[event.key];
  if (move) {
    const next = points[Math.max(0, Math.min(points.length - 1, at + move))];
    points.forEach((point) => point.setAttribute("tabindex", point === next ? 0 : -1));
    next.focus();
  } else if (event.key === "Enter" || event.key === " ") select(Number(points[at].dataset.trial));
  else if (event.key === "Escape") hideTip();
  else return;
  event.preventDefault();
}

function legendMark(path, colour, text) {
  return el(
    "span",
    {},
    svg("svg", { viewBox: "-7 -7 14 14", "aria-hidden": "true" }, svg("path", { d: path, style: `fill:${colour}` })),
    text,
  );
}
function frontLegend(drawn) {
  const shown = combinations.filter((name) => drawn.some(({ trial }) => trial.combination === name));
  const marks = allBits.filter((bits) => drawn.some(({ trial }) => trial.bits === bits));
  $("front-legend").replaceChildren(
    ...shown.map((name) => legendMark(shapes[0], colourOf(name), name)),
    ...marks.map((bits) => legendMark(shapeOf(bits), "var(--soft)", bitsText(bits))),
    el(
      "span",
      {},
      svg("svg", { viewBox: "-7 -7 14 14", "aria-hidden": "true" }, svg("circle", { class: "front-ring", r: 6 })),
      "Pareto front (mean over seeds)",
    ),
  );
}

function drawFront(cost, mode) {
  const width = Math.max(260, $("front").clientWidth);
  const height = width < 520 ? 350 : 460;
  const scale = frontScales(width, height, cost, mode);
  const label = `Validation accuracy against ${cost.name}, one point a trial`;
  frontLegend(scale.drawn);
  $("front").replaceChildren(
    svg(
      "svg",
      { viewBox: `0 0 ${width} ${height}`, height, role: "group", "aria-label": label, onkeydown: frontKeys },
      toleranceBand(scale),
      frontAxes(scale),
      frontLine(scale),
      frontNames(scale),
      scale.drawn.map((entry, position) => frontPoint(scale, entry, position)),
    ),
  );
}

function showFront() {
  const done = data.trials.filter((trial) => trial.status === "done").length;
  $("front-note").textContent = `${done} of ${data.trials.length} trials finished; each point is one trial.`;
  const offered = costs.filter(({ key }) => data.trials.some((trial) => isDrawn(trial, key)));
  if (offered.length === 0) {
    $("front").textContent = "No finished trial has both an accuracy and a cost yet.";
    return;
  }
  const modes = { log: "logarithmic", linear: "linear" };
  let cost = offered[0],
    mode = "log";
  const choices = offered.map(({ key, name }) => [key, name]);
  segments($("front-cost"), choices, (key) => {
    cost = offered.find((one) => one.key === key);
    drawFront(cost, mode);
  });
  segments($("front-scale"), Object.entries(modes), (name) => {
    mode = name;
    drawFront(cost, mode);
  });
  onWidth($("front"), () => drawFront(cost, mode));
  onSelect((trial) => {
    for (const point of $("front").querySelectorAll(".point"))
      point.setAttribute("aria-pressed", String(Number(point.dataset.trial) === trial));
  });
}
