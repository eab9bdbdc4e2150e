// Lays the pictures out.
function swatch(index) {
  const box = element('span', 'swatch');
  const paint = () => {
    const colour = colourOf(index);
    const band = colour + BAND;
    box.style.background = `linear-gradient(${band} 5px, ${colour} 5px 8px, ${band} 8px)`;
  };
  paint();
  return {box, paint};
}

function addButton(legend, state, text, className, pressed, toggle) {
  const button = legend.appendChild(element('button', className));
  button.type = 'button';
  button.append(element('span', '', text));
  button.setAttribute('aria-pressed', String(pressed));
  button.addEventListener('click', () => {
    button.setAttribute('aria-pressed', String(toggle()));
    state.redraws.forEach((redraw) => redraw());
  });
  return button;
}

function addLegend(parent, state) {
  const legend = parent.appendChild(element('div', 'legend'));
  state.series.forEach((series, index) => {
    const text = labelOf(series, index) + (series.points.length > 0 ? '' : ' (no mean)');
    const button = addButton(legend, state, text, 'cell', true, () => {
      if (!state.hidden.delete(index)) state.hidden.add(index);
      return !state.hidden.has(index);
    });
    const {box, paint} = swatch(index);
    button.prepend(box);
    state.redraws.push(paint);
  });
  if (state.trains) {
    addButton(legend, state, `training ${state.metric.title} (dashed)`, '', false,
        () => (state.train = !state.train));
  }
  if (!state.metric.higher) {
    addButton(legend, state, 'whole range', '', false, () => (state.whole = !state.whole));
  }
}

function addDataset(group) {
  const state = {dataset: group.dataset, metric: group.metric, trains: group.train,
                 series: group.series, hidden: new Set(), train: false, whole: false, redraws: []};
  const parent = document.getElementById('charts').appendChild(element('div'));
  if (page.datasets.length > 1) parent.append(element('h3', '', `Data set ${group.dataset}`));
  addLegend(parent, state);
  const pair = parent.appendChild(element('div', 'pair'));
  const some = (holds) => state.series.some(holds);
  if (some(({points, diverged}) => points.length + diverged.length > 0)) {
    const figure = `Validation ${state.metric.title}`;
    addCurves(pair, state, `${figure} against updates`, 'updates', UPDATES);
    addCurves(pair, state, `${figure} against training time`, 'time, s', SECONDS);
  }
  keysOf(state).forEach((key) => addSearch(pair, state, key));
  if (some(({tuning}) => tuning.length > 0)) addTuning(pair, state);
  return state.redraws;
}

const sequences = new Map();
for (const roll of page.rolls) {
  const key = JSON.stringify([roll.dataset, roll.sequence]);
  sequences.set(key, [...(sequences.get(key) || []), roll]);
}
const redraws = [
  ...page.datasets.flatMap(addDataset),
  ...[...sequences.values()].map((rolls) => addRolls(document.getElementById('rolls'), rolls)),
  ...page.lines.flatMap((picture) => addLines(document.getElementById('lines'), picture)),
];
const redrawAll = () => redraws.forEach((redraw) => redraw());
dark.addEventListener('change', redrawAll);
addMaps(document.getElementById('maps'), page.maps);

/// Calls `make` while the page has the colours of paper.
function onPaper(make) {
  layOnPaper();
  try {
    make();
  } finally {
    takeOffPaper();
  }
}

function layOnPaper() {
  document.documentElement.classList.add('paper');
  if (dark.matches) redrawAll();
}

function takeOffPaper() {
  document.documentElement.classList.remove('paper');
  if (dark.matches) redrawAll();
}

// Paper does not unfold either: what the reader left folded is open while it is printed, but for
// tables of many sheets, such as all pairs of forty cells, which the CSV files hold.
const mostRowsOnPaper = 200;
let unfolded = [];
window.addEventListener('beforeprint', () => {
  unfolded = [...document.querySelectorAll('details:not([open])')]
    .filter((fold) => fold.querySelectorAll('tr').length <= mostRowsOnPaper);
  unfolded.forEach((fold) => { fold.open = true; });
  layOnPaper();
});
window.addEventListener('afterprint', () => {
  unfolded.forEach((fold) => { fold.open = false; });
  takeOffPaper();
});
document.querySelectorAll('figure').forEach(addSave);
