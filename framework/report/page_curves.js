// The figure that chooses against updates and against training time.
const EPOCH = 0, UPDATES = 1, SECONDS = 2, MEAN = 3, LOW = 4, HIGH = 5, TRAIN = 6, SEEDS = 7;
const DIVERGED_VALID = 3;

function meanLine(series, index, x) {
  const colour = colourOf(index);
  const full = (context) => series.points[context.p1DataIndex][SEEDS] >= series.seeds;
  const every = Math.max(1, Math.ceil(series.points.length / 10));
  const single = series.points.length === 1;
  return {
    role: 'mean', seeds: series.seeds, label: labelOf(series, index),
    data: points(series.points, x, MEAN),
    borderColor: colour, backgroundColor: colour, borderWidth: 2,
    pointStyle: markOf(index) || 'circle',
    pointRadius: ({dataIndex}) => single || (markOf(index) && dataIndex % every === 0) ? 3.5 : 0,
    clip: single ? 4 : undefined,  // a mark on the edge stays whole
    segment: {borderDash: (context) => (full(context) ? undefined : [2, 3])},
  };
}

function trainLine(series, index, x) {
  return {
    role: 'train', data: points(series.points, x, TRAIN),
    borderColor: colourOf(index), borderWidth: 1, borderDash: [7, 4], pointRadius: 0,
  };
}

function divergedLine(trial, index, x) {
  return {
    role: 'diverged', data: points(trial.points, x, DIVERGED_VALID),
    borderColor: colourOf(index), borderWidth: 1, borderDash: [1, 3],
    pointStyle: 'crossRot', pointBorderWidth: 2,
    pointRadius: ({dataIndex}) => (dataIndex === trial.points.length - 1 ? 5 : 0),
  };
}

// Two lines without a stroke; the first is filled down to the second.
function band({series, index}, x) {
  const edge = {role: 'band', borderWidth: 0, pointRadius: 0};
  return [
    {...edge, data: points(series.points, x, HIGH), backgroundColor: colourOf(index) + BAND,
     fill: '+1'},
    {...edge, data: points(series.points, x, LOW)},
  ];
}

// Chart.js paints the last data set first: what shall lie on top comes first.
function curveDatasets(state, x) {
  const shown = shownSeries(state);
  return [
    ...shown.map(({series, index}) => meanLine(series, index, x)),
    ...shown.flatMap(({series, index}) =>
        series.diverged.map((trial) => divergedLine(trial, index, x))),
    ...(state.train ? shown.map(({series, index}) => trainLine(series, index, x)) : []),
    ...shown.flatMap((one) => band(one, x)),
  ];
}

// Over hidden cells too: the axis shall stay where it is when a cell is hidden.
function lastValue(state, x) {
  const ends = state.series.flatMap(
      (series) => [series, ...series.diverged].flatMap(({points}) => points.slice(-1)));
  return Math.max(0, ...ends.map((row) => row[x]));
}

// Cells reach the same second in different epochs, so there each line names its own.
function curveTexts(state, x) {
  const label = ({dataset, raw}) => {
    const row = raw.row;
    const ends = [LOW, HIGH].map((column) => figureText(state, row[column]));
    const spread = row[SEEDS] > 1 ? ` (${ends.join(' to ')})` : '';
    const part = row[SEEDS] < dataset.seeds ? `, ${row[SEEDS]} of ${dataset.seeds} seeds` : '';
    const when = x === SECONDS ? `, epoch ${row[EPOCH]}` : '';
    return `${dataset.label}${when}: ${figureText(state, row[MEAN])}${spread}${part}`;
  };
  const title = (items) => {
    if (x !== UPDATES || items.length === 0) return '';
    return `update ${items[0].raw.row[UPDATES]}, epoch ${items[0].raw.row[EPOCH]}`;
  };
  return {title, label};
}

function addCurves(parent, state, caption, xTitle, x) {
  const columns = () => (state.train ? [LOW, HIGH, TRAIN] : [LOW, HIGH]);
  const values = () => shownSeries(state).flatMap(
      ({series}) => columns().map((column) => series.points.map((row) => row[column])));
  addFigure(parent, state, caption, () => curveDatasets(state, x), () => {
    // Left to itself, Chart.js would leave out what lies above the vertical axis.
    const xAxis = axis(xTitle, {min: 0, max: lastValue(state, x) || 1});
    if (x === UPDATES) xAxis.ticks.precision = 0;
    return figureOptions(state, xAxis, rangeOf(values(), shareOf(state, CURVE_SHARE)),
                         {mode: 'meansAtX', intersect: false}, curveTexts(state, x));
  });
}
