// What every panel shares: the data, elements, number formats, colours, the selected trial and the tooltip.
// All text goes in through text nodes; nothing in this page is parsed as HTML.
const data = JSON.parse(document.getElementById("report-data").textContent);
const $ = (id) => document.getElementById(id);

function el(tag, attributes = {}, ...children) {
  return build(document.createElement(tag), attributes, children);
}
function svg(tag, attributes = {}, ...children) {
  return build(document.createElementNS("http://www.w3.org/2000/svg", tag), attributes, children);
}
function build(node, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else node.setAttribute(name, value === true ? "" : value);
  }
  node.append(...children.flat().filter((child) => child !== null && child !== undefined));
  return node;
}

const known = (value) => typeof value === "number" && Number.isFinite(value);
const dash = "–";
const fixed = (value, decimals) => (known(value) ? value.toFixed(decimals) : dash);
const percent = (value, decimals = 1) => (known(value) ? `${(100 * value).toFixed(decimals)} %` : dash);
const whole = (value) => (known(value) ? Math.round(value).toLocaleString("en").replaceAll(",", "\u202f") : dash);
const significant = (value, places = 3) => (known(value) ? String(Number(value.toPrecision(places))) : dash);
// Three digits with their zeros ("1.50"), for columns; no exponent for large values.
const digits = (value) => (!known(value) ? dash : Math.abs(value) >= 999.5 ? whole(value) : value.toPrecision(3));

// One unit for all energies of a panel, so that they compare at a glance.
const energyUnits = [
  ["mJ", 1],
  ["µJ", 1e3],
  ["nJ", 1e6],
  ["pJ", 1e9],
];
const energyUnit = (largestMj) => unitFor(energyUnits, largestMj);
function energyText(mj) {
  if (!known(mj)) return dash;
  const [unit, factor] = energyUnit(mj);
  return `${digits(mj * factor)} ${unit}`;
}
function bytesText(bytes) {
  if (!known(bytes)) return dash;
  return bytes < 1024
    ? `${whole(bytes)} B`
    : bytes < 1048576
      ? `${digits(bytes / 1024)} KiB`
      : `${digits(bytes / 1048576)} MiB`;
}
// Counts of an axis or a panel in one unit, as energies are.
const byteUnits = [
  ["MiB", 1 / 1048576],
  ["KiB", 1 / 1024],
  ["bytes", 1],
];
const countUnits = [
  ["billions", 1e-9],
  ["millions", 1e-6],
  ["thousands", 1e-3],
  ["", 1],
];
const unitFor = (units, largest) => units.find(([, factor]) => largest * factor >= 1) || units[units.length - 1];
function cyclesText(cycles) {
  if (!known(cycles)) return dash;
  return cycles >= 1e5 ? `${digits(cycles / 1e6)} M` : whole(cycles);
}
function secondsText(seconds) {
  if (!known(seconds)) return dash;
  if (seconds < 120) return `${significant(seconds)} s`;
  return seconds < 7200 ? `${significant(seconds / 60)} min` : `${significant(seconds / 3600)} h`;
}
const bitsText = (bits) => (bits >= 32 ? "float" : bits > 0 ? `${bits} bit` : "mixed");
const pairOfBits = (trial) => `${trial.bits > 0 ? trial.bits : "mixed"}/${trial.activation_bits}`;
const withDeviation = (summary, decimals = 2) =>
  !known(summary.mean)
    ? dash
    : (100 * summary.mean).toFixed(decimals) + (known(summary.sd) ? ` ± ${(100 * summary.sd).toFixed(decimals)}` : "");

// Colour says the combination, shape the bits; both are written in words in every tooltip and table.
const fixedColours = { baseline: 0, quantize: 1, prune: 2, cumulative: 3, joint: 4 };
const combinations = [...new Set(data.trials.map((trial) => trial.combination))];
const otherColours = combinations.filter((name) => !Object.hasOwn(fixedColours, name));
function colourOf(combination) {
  const index = Object.hasOwn(fixedColours, combination)
    ? fixedColours[combination]
    : 5 + (otherColours.indexOf(combination) % 3);
  return `var(--c${index})`;
}
const shapes = [
  "M-5.5 0a5.5 5.5 0 1 0 11 0a5.5 5.5 0 1 0 -11 0z",
  "M-5 -5H5V5H-5z",
  "M0 -7L6.5 0L0 7L-6.5 0z",
  "M0 -6.5L6.3 5H-6.3z",
  "M0 6.5L6.3 -5H-6.3z",
  "M-2.2 -6H2.2V-2.2H6V2.2H2.2V6H-2.2V2.2H-6V-2.2H-2.2z",
  "M0 -7L1.9 -2.3L7 -2.2L3 1L4.4 6L0 3.2L-4.4 6L-3 1L-7 -2.2L-1.9 -2.3z",
  "M-6 -3.4L0 -6.8L6 -3.4V3.4L0 6.8L-6 3.4z",
];
const allBits = [...new Set(data.trials.map((trial) => trial.bits))].sort((a, b) => b - a);
const shapeOf = (bits) => shapes[allBits.indexOf(bits) % shapes.length];
const cssColour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

const groupOf = data.trials.map(() => null);
data.groups.forEach((group) =>
  group.trials.forEach((trial) => {
    groupOf[trial] = group;
  }),
);
const baselineGroup = data.baseline === null ? null : data.groups[data.baseline];
const bestGroup = data.best === null ? null : data.groups[data.best];
const relativeEnergy = (mj) =>
  baselineGroup && known(mj) && baselineGroup.energy.mean > 0 ? mj / baselineGroup.energy.mean : NaN;

// The selected trial; panels listen.
const listeners = [];
let selected = -1;
const onSelect = (listener) => listeners.push(listener);
function select(trial) {
  selected = trial;
  listeners.forEach((listener) => listener(trial));
}

function trialFigures(trial) {
  return [
    ["validation", percent(trial.validation)],
    ["test", percent(trial.test)],
    ["energy", energyText(trial.energy)],
    ["of the baseline", percent(relativeEnergy(trial.energy))],
    ["bits w/a", pairOfBits(trial)],
    ["sparsity asked", percent(trial.sparsity, 0)],
    ["zeros reached", percent(trial.zeros)],
    ["non-zeros", whole(trial.nonzeros)],
    ["in the file", bytesText(trial.file_bytes)],
    ["MACs", cyclesText(trial.macs)],
    ["bit operations", cyclesText(trial.bit_operations)],
    ["cycles", cyclesText(trial.cycles)],
    ["weight memory", bytesText(trial.bytes)],
    ["synaptic ops", cyclesText(trial.synops)],
    ["seed", trial.seed],
    ["training", secondsText(trial.seconds)],
  ];
}
function pairList(tag, pairs, attributes = {}) {
  return el(tag, attributes, pairs.map(([name, value]) => [el("dt", {}, name), el("dd", {}, value)]).flat());
}
function showTip(x, y, title, pairs) {
  const tip = $("tip");
  tip.replaceChildren(el("b", {}, title), pairList("dl", pairs));
  tip.hidden = false;
  const box = tip.getBoundingClientRect();
  const left = x + 16 + box.width > innerWidth ? x - 16 - box.width : x + 16;
  tip.style.left = `${Math.max(8, Math.min(left, innerWidth - box.width - 8))}px`;
  tip.style.top = `${Math.max(8, Math.min(y - box.height / 2, innerHeight - box.height - 8))}px`;
}
const hideTip = () => {
  $("tip").hidden = true;
};

// A switch between named modes; the first is on. Calls change(name).
function segments(host, modes, change) {
  const buttons = modes.map(([name, label]) => el("button", { type: "button", onclick: () => choose(name) }, label));
  function choose(name) {
    modes.forEach(([mode], i) => buttons[i].setAttribute("aria-pressed", String(mode === name)));
    change(name);
  }
  host.replaceChildren(...buttons);
  choose(modes[0][0]);
}
// Calls draw(width) now and whenever the host's width changes.
function onWidth(host, draw) {
  let last = 0;
  const redraw = () => {
    const width = Math.floor(host.clientWidth);
    if (width > 0 && width !== last) {
      last = width;
      draw(width);
    }
  };
  new ResizeObserver(redraw).observe(host);
  redraw();
}
const onScheme = (redraw) => matchMedia("(prefers-color-scheme: dark)").addEventListener("change", redraw);
