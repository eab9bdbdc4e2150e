// The search over learning rates: every draw, and what a smaller search would have found.
const RATE = 0, VALID = 1, DRAW = 2, STATUS = 3, CHOSEN = 4;
const DRAWS = 0, EXPECTED = 1, FINITE = 2;
const SHAPES = ['circle', 'rect', 'rectRot'];  // triangle and × have a meaning
const ROWS_AT_TOP = 5;

/// The axis, and the height above which stand the marks of what it does not show.
function searchRange(state) {
  const rows = shownSeries(state).flatMap(({series}) => series.search);
  const best = rows.map((row) => row[VALID]).filter(Number.isFinite).sort((a, b) => b - a);
  const {min = 0, max: edge = 1} = rangeOf([best], shareOf(state, SEARCH_SHARE));
  const room = rows.some((row) => isOutside(row, edge)) ? 0.2 * (edge - min) : 0;
  return {min, edge, max: edge + room};
}

const isOutside = (row, edge) => row[STATUS] === 'diverged' || row[VALID] > edge;

// Diverged draws and those above the axis have no height of their own: each cell has a row.
const rowAtTop = ({edge, max}, index) =>
    max - (0.5 + index % ROWS_AT_TOP) / ROWS_AT_TOP * (max - edge);

function searchDatasets(state) {
  const range = searchRange(state);
  return shownSeries(state).flatMap(({series, index}) => {
    const colour = colourOf(index);
    const finite = series.search.filter((row) => row[VALID] !== null);
    const radius = (row) => (isOutside(row, range.edge) ? 0 : row[CHOSEN] ? 7 : 4);
    const outside = series.search.filter((row) => isOutside(row, range.edge));
    const common = {label: labelOf(series, index), borderColor: colour};
    return [
      {...common, role: 'mean', data: points(finite, RATE, VALID), borderWidth: 1,
       backgroundColor: finite.map((row) => (row[CHOSEN] ? colour : css('--back'))),
       pointStyle: SHAPES[index % SHAPES.length], pointBorderWidth: 2,
       pointRadius: finite.map(radius), pointHoverRadius: 8},
      {...common, role: 'outside', showLine: false, pointRadius: 5, pointBorderWidth: 2,
       data: outside.map((row) => ({x: row[RATE], y: rowAtTop(range, index), row})),
       pointStyle: outside.map((row) => (row[STATUS] === 'diverged' ? 'crossRot' : 'triangle'))},
    ];
  });
}

// Half a step of the decade to both sides, so that no mark lies on the frame.
function rateRange(state) {
  const rates = state.series.flatMap(({search}) => search.map((row) => row[RATE]))
      .filter((rate) => rate > 0);
  if (rates.length === 0) return {};
  return {min: Math.min(...rates) / 1.3, max: Math.max(...rates) * 1.3};
}

const searchText = (state) => ({dataset, raw: {row}}) => {
  const result = row[STATUS] === 'diverged' ? 'diverged' : figureText(state, row[VALID]);
  return `${dataset.label}, draw ${row[DRAW]}, rate ${row[RATE].toPrecision(4)}: ${result}` +
      (row[CHOSEN] ? ', chosen' : '');
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
const stripAtTop = {
  id: 'stripAtTop',
  beforeDatasetsDraw({ctx, chartArea: {left, right, top}, scales}) {
    ctx.save();
    ctx.fillStyle = css('--head');
    ctx.fillRect(left, top, right - left, scales.y.getPixelForValue(scales.y.options.edge) - top);
    ctx.restore();
  },
};

function addSearch(parent, state) {
  addFigure(parent, state, `Best validation ${state.metric.title} of each draw`, () => searchDatasets(state), () => {
    const xAxis = axis('learning rate', {type: 'logarithmic', ...rateRange(state)});
    xAxis.ticks.callback = rateTick(xAxis);
    const range = searchRange(state);
    const options = figureOptions(state, xAxis, range, {mode: 'nearest', intersect: false},
                               {title: () => '', label: searchText(state)});
    options.scales.y.ticks.callback = function(value, ...others) {
      return value > range.edge ? '' :
          Chart.Ticks.formatters.numeric.call(this, value, ...others);
    };
    return options;
  }, [stripAtTop]);
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
