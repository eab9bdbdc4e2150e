// What grid and search set: every trial at the value of a key, and what a smaller search would have
// found.
const VALUE = 0, VALID = 1, DRAW = 2, STATUS = 3, CHOSEN = 4;
const DRAWS = 0, EXPECTED = 1, FINITE = 2;
const SHAPES = ['circle', 'rect', 'rectRot'];  // triangle and × have a meaning
const ROWS_IN_STRIP = 5;

const keysOf = (state) =>
    [...new Set(state.series.flatMap(({sweeps}) => sweeps.map(({key}) => key)))];
const rowsOf = (series, key) => series.sweeps.find((sweep) => sweep.key === key)?.points ?? [];
const valuesOf = (state, key) =>
    state.series.flatMap((series) => rowsOf(series, key).map((row) => row[VALUE]));

/// The axis. Beyond `edge`, where the worst figures are, a strip up to `end` holds the marks of what
/// the axis does not show.
function searchRange(state, key) {
  const rows = shownSeries(state).flatMap(({series}) => rowsOf(series, key));
  const best = rows.map((row) => row[VALID]).filter(Number.isFinite).sort((a, b) => b - a);
  const {min = 0, max = 1} = rangeOf([best], shareOf(state, SEARCH_SHARE));
  const {higher} = state.metric;
  const edge = higher ? min : max;
  const outside = (row) => row[STATUS] === 'diverged' ||
      (!higher && row[VALID] !== null && row[VALID] > edge);
  const room = rows.some(outside) ? 0.2 * (max - min) : 0;
  const end = higher ? edge - room : edge + room;
  return {min: Math.min(min, end), max: Math.max(max, end), edge, end, outside};
}

// Diverged draws and those beyond the axis have no height of their own: each cell has a row.
const rowInStrip = ({edge, end}, index) =>
    end - (0.5 + index % ROWS_IN_STRIP) / ROWS_IN_STRIP * (end - edge);

function searchDatasets(state, key) {
  const range = searchRange(state, key);
  return shownSeries(state).flatMap(({series, index}) => {
    const colour = colourOf(index);
    const rows = rowsOf(series, key);
    const finite = rows.filter((row) => row[VALID] !== null);
    const radius = (row) => (range.outside(row) ? 0 : row[CHOSEN] ? 7 : 4);
    const outside = rows.filter(range.outside);
    const common = {label: labelOf(series, index), borderColor: colour};
    return [
      {...common, role: 'mean', data: points(finite, VALUE, VALID), borderWidth: 1,
       showLine: keysOf(state).length === 1 && rows.every((row) => row[DRAW] > 0),
       backgroundColor: finite.map((row) => (row[CHOSEN] ? colour
           : row[STATUS] === 'pruned' ? colour + '80' : css('--back'))),
       pointStyle: SHAPES[index % SHAPES.length], pointBorderWidth: 2,
       pointRadius: finite.map(radius), pointHoverRadius: 8},
      {...common, role: 'outside', showLine: false, pointRadius: 5, pointBorderWidth: 2,
       data: outside.map((row) => ({x: row[VALUE], y: rowInStrip(range, index), row})),
       pointStyle: outside.map((row) => (row[STATUS] === 'diverged' ? 'crossRot' : 'triangle'))},
    ];
  });
}

const isLogarithmic = (values) =>
    Math.min(...values) > 0 && Math.max(...values) / Math.min(...values) >= 10;

// The axis of a key: its numbers, by decades where they span one or more, or its names. Half a step
// to both sides, so that no mark lies on the frame.
function valueAxis(state, key) {
  const values = valuesOf(state, key);
  const title = key === 'train.learning_rate' ? 'learning rate' : key;
  if (values.some((value) => typeof value !== 'number')) {
    return axis(title, {type: 'category', labels: [...new Set(values)], offset: true});
  }
  const [low, high] = [Math.min(...values), Math.max(...values)];
  if (isLogarithmic(values)) {
    const xAxis = axis(title, {type: 'logarithmic', min: low / 1.3, max: high * 1.3});
    xAxis.ticks.callback = rateTick(xAxis);
    return xAxis;
  }
  const margin = 0.05 * (high - low) || 0.5;
  return axis(title, {min: low - margin, max: high + margin});
}

const valueText = (value) => (typeof value === 'number' ? Number(value.toPrecision(4)) : value);

const searchText = (state, key) => ({dataset, raw: {row}}) => {
  const result = row[STATUS] === 'diverged' ? 'diverged' : figureText(state, row[VALID]);
  const draw = row[DRAW] > 0 ? `, draw ${row[DRAW]}` : '';
  return `${dataset.label}${draw}, ${key} ${valueText(row[VALUE])}: ${result}` +
      (row[CHOSEN] ? ', chosen' : row[STATUS] === 'pruned' ? ', pruned' : '');
};

// Names all decades, or of a narrow range also their halves and fifths.
function rateTick(axis) {
  const shown = axis.max / axis.min > 50 ? [1] : [1, 2, 5];
  return (rate) => {
    const digit = Math.round(rate / 10 ** Math.floor(Math.log10(rate) + 1e-9));
    return shown.includes(digit) ? rate.toExponential(0) : '';
  };
}

// The rows of marks are no part of the axis.
const strip = {
  id: 'strip',
  beforeDatasetsDraw({ctx, chartArea: {left, right}, scales: {y}}) {
    const [from, to] = [y.options.edge, y.options.end].map((value) => y.getPixelForValue(value));
    ctx.save();
    ctx.fillStyle = css('--head');
    ctx.fillRect(left, Math.min(from, to), right - left, Math.abs(to - from));
    ctx.restore();
  },
};

function addSearch(parent, state, key) {
  const caption = `Best validation ${state.metric.title} of each trial by ${key}`;
  addFigure(parent, state, caption, () => searchDatasets(state, key), () => {
    const range = searchRange(state, key);
    const options = figureOptions(state, valueAxis(state, key), range,
                                  {mode: 'nearest', intersect: false},
                                  {title: () => '', label: searchText(state, key)});
    options.scales.y.ticks.callback = function(value, ...others) {
      const inStrip = state.metric.higher ? value < range.edge : value > range.edge;
      return inStrip ? '' : Chart.Ticks.formatters.numeric.call(this, value, ...others);
    };
    return options;
  }, [strip]);
}

const tuningText = (state) => ({dataset, raw: {row}}) => {
  const lost = row[FINITE] < 1 ? `, all diverged: ${(100 - 100 * row[FINITE]).toFixed(1)} %` : '';
  return `${dataset.label}: ${figureText(state, row[EXPECTED])}${lost}`;
};

function addTuning(parent, state) {
  const line = ({series, index}) => ({
    role: 'mean', label: labelOf(series, index),
    data: points(series.tuning.filter((row) => row[EXPECTED] !== null), DRAWS, EXPECTED),
    borderColor: colourOf(index), backgroundColor: colourOf(index), borderWidth: 2,
    pointStyle: SHAPES[index % SHAPES.length], pointRadius: 3.5,
  });
  addFigure(parent, state, `Expected best validation ${state.metric.title} of n draws`,
            () => shownSeries(state).map(line), () => {
    const curves = shownSeries(state).map(({series}) => series.tuning.map((row) => row[EXPECTED]));
    const last = Math.max(2, ...state.series.map(({tuning}) => tuning.length));
    const xAxis = axis('draws, n', {min: 1, max: last});
    Object.assign(xAxis.ticks, {precision: 0, includeBounds: true});
    return figureOptions(state, xAxis, rangeOf(curves, shareOf(state, CURVE_SHARE)),
                         {mode: 'meansAtX', intersect: false}, {
      title: (items) => (items.length > 0 ? `best of ${items[0].raw.row[DRAWS]}` : ''),
      label: tuningText(state),
    });
  });
}
