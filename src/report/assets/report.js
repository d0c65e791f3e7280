// The header, the table of results and how to repeat the study; then everything starts.
function showHeader() {
  $("finding").textContent = data.finding;
  const finished = data.trials.filter((trial) => trial.status === "done").length;
  const seeds = [...new Set(data.trials.map((trial) => trial.seed))];
  const facts = [
    ["Data", data.data],
    ["Split", data.split],
    [
      "Trials",
      `${finished} of ${data.trials.length} finished, ${seeds.length} ${seeds.length === 1 ? "seed" : "seeds"} a plan`,
    ],
    ["Made", data.created],
  ].filter(([, value]) => value);
  $("facts").append(...pairList("dl", facts).children);
  if (!bestGroup || !baselineGroup || bestGroup === baselineGroup) return;
  const tile = (value, text) => el("div", { class: "tile" }, el("b", {}, value), el("small", {}, text));
  const difference = 100 * (bestGroup.validation.mean - baselineGroup.validation.mean);
  const tiles = [
    tile(`${significant(baselineGroup.energy.mean / bestGroup.energy.mean, 3)}×`, "less energy than the baseline"),
    tile(
      percent(bestGroup.validation.mean),
      `validation, ${difference < 0 ? "−" : "+"}${Math.abs(difference).toFixed(1)} points`,
    ),
  ];
  if (known(bestGroup.test.mean))
    tiles.push(tile(percent(bestGroup.test.mean), `test (baseline ${percent(baselineGroup.test.mean)})`));
  const size = known(bestGroup.file_bytes.mean) && known(baselineGroup.file_bytes.mean) ? "file_bytes" : "bytes";
  if (known(bestGroup[size].mean))
    tiles.push(tile(bytesText(bestGroup[size].mean), `of weights (baseline ${bytesText(baselineGroup[size].mean)})`));
  $("tiles").append(...tiles);
}

// One unit for the whole column of energies.
const [tableUnit, tableFactor] = energyUnit(
  Math.max(0, ...data.groups.map((group) => group.energy.mean).filter(known)),
);

// Columns of the results, but those that no group measured: heading, value to sort by, text to show; `numeric` columns start with the largest.
const groupColumns = [
  {
    name: "★",
    value: (group) => (group.on_front ? 1 : 0),
    text: (group) => (group.on_front ? "★" : ""),
    numeric: true,
  },
  { name: "combination", value: (group) => group.combination },
  {
    name: "bits w/a",
    value: (group) => group.bits + group.activation_bits / 64,
    text: pairOfBits,
    numeric: true,
  },
  { name: "sparsity", value: (group) => group.sparsity, text: (group) => percent(group.sparsity, 0), numeric: true },
  { name: "zeros", value: (group) => group.zeros.mean, text: (group) => percent(group.zeros.mean), numeric: true },
  { name: "non-zeros", value: (group) => group.nonzeros.mean, text: (group) => whole(group.nonzeros.mean), numeric: true },
  {
    name: "file bytes",
    value: (group) => group.file_bytes.mean,
    text: (group) => whole(group.file_bytes.mean),
    numeric: true,
  },
  { name: "MMACs", value: (group) => group.macs.mean, text: (group) => digits(group.macs.mean / 1e6), numeric: true },
  {
    name: "GBOPs",
    value: (group) => group.bit_operations.mean,
    text: (group) => digits(group.bit_operations.mean / 1e9),
    numeric: true,
  },
  {
    name: "validation %",
    value: (group) => group.validation.mean,
    text: (group) => withDeviation(group.validation),
    numeric: true,
  },
  { name: "test %", value: (group) => group.test.mean, text: (group) => withDeviation(group.test), numeric: true },
  {
    name: "vs baseline",
    value: (group) => group.vs_baseline.mean,
    text: (group) => (group.vs_baseline.mean > 0 ? "+" : "") + withDeviation(group.vs_baseline),
    numeric: true,
  },
  {
    name: "dense at these bytes %",
    value: (group) => group.dense,
    text: (group) => fixed(known(group.dense) ? 100 * group.dense : NaN, 2),
    numeric: true,
  },
  {
    name: `energy ${tableUnit}`,
    value: (group) => group.energy.mean,
    text: (group) => digits(group.energy.mean * tableFactor),
    numeric: true,
  },
  {
    name: "× baseline",
    value: (group) => relativeEnergy(group.energy.mean),
    text: (group) => fixed(relativeEnergy(group.energy.mean), 3),
    numeric: true,
  },
  { name: "seeds", value: (group) => group.trials.length, text: (group) => String(group.trials.length), numeric: true },
].filter(({ value }) => data.groups.length === 0 || data.groups.some((group) => ![null, NaN].includes(value(group))));
// Test accuracy less that of the baseline's trial of the same seed.
function lessBaseline(trial) {
  const twins = baselineGroup ? baselineGroup.trials.map((index) => data.trials[index]) : [];
  const twin = twins.find((other) => other.seed === trial.seed);
  const comparable = twin && twin !== trial && known(twin.test) && known(trial.test);
  return comparable ? trial.test - twin.test : null;
}
// A trial seen as a group of one, so that both views share their columns.
function loneGroup(index) {
  const trial = data.trials[index],
    one = (value) => ({ n: 1, mean: value, sd: null });
  return {
    name: trial.key,
    combination: trial.combination,
    bits: trial.bits,
    activation_bits: trial.activation_bits,
    sparsity: trial.sparsity,
    trials: [index],
    on_front: groupOf[index].on_front,
    validation: one(trial.validation),
    test: one(trial.test),
    zeros: one(trial.zeros),
    energy: one(trial.energy),
    nonzeros: one(trial.nonzeros),
    file_bytes: one(trial.file_bytes),
    macs: one(trial.macs),
    bit_operations: one(trial.bit_operations),
    vs_baseline: one(lessBaseline(trial)),
    dense: groupOf[index].dense,
    seed: trial.seed,
  };
}
const trialColumns = groupColumns.map((column) =>
  column.name !== "seeds" ? column : { name: "seed", value: (group) => group.seed, text: (group) => group.seed },
);

function compareBy(column, direction) {
  return (a, b) => {
    const x = column.value(a),
      y = column.value(b);
    if (typeof x === "string") return direction * x.localeCompare(y, "en", { numeric: true });
    if (!known(x) || !known(y)) return known(x) ? -1 : known(y) ? 1 : 0; // what was not measured comes last
    return direction * (x - y);
  };
}

function resultRow(group, columns) {
  const choose = () => select(group.trials[0]);
  return el(
    "tr",
    {
      class: "pick",
      tabindex: 0,
      "data-trials": group.trials.join(" "),
      onclick: choose,
      onkeydown: (event) => {
        if (event.key === "Enter") choose();
      },
    },
    columns.map((column) =>
      el(
        "td",
        { class: column.name === "★" ? "star" : column.numeric ? "number" : null },
        column.name === "combination" ? legendDot(group) : "",
        column.text ? column.text(group) : column.value(group),
      ),
    ),
  );
}
function legendDot(group) {
  return svg(
    "svg",
    {
      viewBox: "-7 -7 14 14",
      width: 12,
      height: 12,
      style: "margin-right:7px;vertical-align:-1px",
      "aria-hidden": "true",
    },
    svg("path", { d: shapeOf(group.bits), style: `fill:${colourOf(group.combination)}` }),
  );
}

function resultTable(rows, columns) {
  const body = el("tbody", {}),
    heads = [];
  const order = { column: null, direction: 1 };
  const fill = () => {
    const sorted = order.column ? [...rows].sort(compareBy(order.column, order.direction)) : rows;
    body.replaceChildren(...sorted.map((group) => resultRow(group, columns)));
    markRows(selected);
  };
  const sortBy = (column, head) => {
    order.direction = order.column === column ? -order.direction : column.numeric ? -1 : 1;
    order.column = column;
    heads.forEach((other) => other.removeAttribute("aria-sort"));
    head.setAttribute("aria-sort", order.direction > 0 ? "ascending" : "descending");
    fill();
  };
  for (const column of columns) {
    const head = el("th", { scope: "col", class: column.numeric ? "number" : null });
    const label = column.name === "★" ? "on the Pareto front" : null;
    head.append(
      el("button", { type: "button", "aria-label": label, onclick: () => sortBy(column, head) }, column.name),
    );
    heads.push(head);
  }
  $("results").replaceChildren(el("table", {}, el("thead", {}, el("tr", {}, heads)), body));
  fill();
}
function markRows(trial) {
  $("results")
    .querySelectorAll("tbody tr")
    .forEach((row) => row.setAttribute("aria-selected", String(row.dataset.trials.split(" ").includes(String(trial)))));
}

function showResults() {
  const trials = data.groups.flatMap((group) => group.trials).map(loneGroup);
  segments(
    $("results-rows"),
    [
      ["groups", "mean over seeds"],
      ["trials", "every trial"],
    ],
    (name) => (name === "groups" ? resultTable(data.groups, groupColumns) : resultTable(trials, trialColumns)),
  );
  onSelect(markRows);
  const unfinished = data.trials.filter((trial) => trial.status !== "done");
  if (unfinished.length === 0) return;
  $("unfinished").append(
    el("h3", {}, "Not finished"),
    el(
      "ul",
      { class: "note" },
      unfinished.map((trial) => el("li", {}, `${trial.key}: ${trial.status}${trial.error ? `, ${trial.error}` : ""}`)),
    ),
  );
}

function copyable(text) {
  const button = el(
    "button",
    {
      type: "button",
      class: "copy",
      onclick: async () => {
        try {
          await navigator.clipboard.writeText(text);
          button.textContent = "Copied";
        } catch {
          getSelection().selectAllChildren(box); // no clipboard for files opened from disk in some browsers
        }
      },
    },
    "Copy",
  );
  const box = el("pre", { tabindex: 0 }, text);
  return [button, box];
}
function showRepeat() {
  $("commands").append(...(data.commands.length ? copyable(data.commands.join("\n")) : ["No commands were recorded."]));
  const seeds = [...new Set(data.trials.map((trial) => trial.seed))].join(", ");
  const pairs = [
    ["Study", data.name],
    ["Study seed", data.seed],
    ["Trial seeds", seeds],
    ["Data checksum", data.checksum],
  ].filter(([, value]) => value);
  $("seeds").append(...pairList("dl", pairs).children);
  $("environment").append(...pairList("dl", data.environment).children);
  $("config").append(...copyable(data.config));
  if (!data.config) $("config-box").hidden = true;
}

showHeader();
showFront();
showTrials();
showEnergy();
showExample();
showResults();
showRepeat();
const first = bestGroup || baselineGroup || data.groups[0];
if (first) select(first.trials[0]);
else if (data.trials.length > 0) select(0);
addEventListener("scroll", hideTip, { passive: true });
addEventListener("beforeprint", () => {
  $("config-box").open = true;
});
