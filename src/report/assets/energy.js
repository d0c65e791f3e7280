// Stacked bars: where the energy of the front's plans and of the baseline goes.
function meanBreakdown(group) {
  const sums = new Map();
  const trials = group.trials.map((index) => data.trials[index]).filter((trial) => trial.breakdown.length > 0);
  for (const trial of trials)
    for (const [component, energy] of trial.breakdown)
      sums.set(component, (sums.get(component) || 0) + (known(energy) ? energy : 0) / trials.length);
  return sums;
}

function energyBar(row, components, largest, mode) {
  const parts = [...row.breakdown].filter(([, energy]) => energy > 0);
  const length = mode === "share" ? row.total : largest;
  const title = parts.map(([name, energy]) => `${name} ${percent(energy / row.total)}`).join(", ");
  const track = el(
    "div",
    { class: "track", role: "img", "aria-label": `${row.group.name}: ${title}` },
    parts.map(([name, energy]) =>
      el("span", {
        style: `width:${(100 * energy) / length}%;background:var(--e${components.indexOf(name) % 8})`,
        onmousemove: (event) =>
          showTip(event.clientX, event.clientY, `${row.group.name}: ${name}`, [
            ["energy", energyText(energy * 1e-9)],
            ["share", percent(energy / row.total)],
          ]),
        onmouseleave: hideTip,
      }),
    ),
  );
  const ratio = relativeEnergy(row.group.energy.mean);
  return el(
    "div",
    { class: "bar-row" },
    el("button", { type: "button", onclick: () => select(row.group.trials[0]) }, row.group.name),
    track,
    el(
      "span",
      { class: "total" },
      energyText(row.total * 1e-9),
      el("small", {}, known(ratio) ? `  ×${fixed(ratio, 3)}` : ""),
    ),
  );
}

function showEnergy() {
  const groups = [...new Set([baselineGroup, ...[...frontGroups].reverse()])].filter(Boolean);
  const rows = groups
    .map((group) => ({ group, breakdown: meanBreakdown(group) }))
    .filter((row) => row.breakdown.size > 0);
  rows.forEach((row) => {
    row.total = [...row.breakdown.values()].reduce((a, b) => a + b, 0);
  });
  if (rows.length === 0) {
    $("energy-section").hidden = true;
    return;
  }
  const components = [...new Set(rows.flatMap((row) => [...row.breakdown.keys()]))];
  $("energy-legend").replaceChildren(
    ...components.map((name, i) => el("span", {}, el("i", { style: `background:var(--e${i % 8})` }), name)),
  );
  const largest = Math.max(...rows.map((row) => row.total));
  segments(
    $("energy-scale"),
    [
      ["absolute", "energy"],
      ["share", "share"],
    ],
    (mode) => $("energy").replaceChildren(...rows.map((row) => energyBar(row, components, largest, mode))),
  );
}
