// The truth, and what each model gave in its place.
const LINE_WIDTH = 2;

/// The colour of a model is that of its curves.
function lineColour(state, line, index) {
  if (line.truth) return css('--text');
  const set = page.datasets.find(({dataset}) => dataset === state.dataset);
  const at = set ? set.series.findIndex(({label}) => label === line.label) : -1;
  return colourOf(at < 0 ? index : at);
}

// What the axis has a place for.
const hasPlace = (picture, value) => value !== null && (!picture.log || value > 0);

// Of a logarithmic axis: what is smaller than this share of the largest value would bend all lines
// into its upper corner.
const LEAST_SHARE = 1e-12;
function logRange(picture) {
  const values = picture.lines.flatMap((line) => line.values.filter((v) => hasPlace(picture, v)));
  if (values.length === 0) return {};
  const high = values.reduce((a, b) => Math.max(a, b));
  const low = values.reduce((a, b) => Math.min(a, b));
  return {min: Math.max(low, high * LEAST_SHARE) / 1.5, max: high * 1.5};
}

// Chart.js takes null for 0 here, and leaves a gap for NaN.
function lineData(picture, values) {
  const rows = values.map((value, at) => ({x: picture.first + at,
                                           y: hasPlace(picture, value) ? value : NaN}));
  const known = rows.map(({y}) => Number.isFinite(y));
  return rows.slice(Math.max(0, known.indexOf(true)), known.lastIndexOf(true) + 1);
}

function lineDatasets(picture, state) {
  return shownSeries(state).map(({series, index}) => {
    const colour = lineColour(state, series, index);
    return {
      role: 'mean', label: series.label, data: lineData(picture, series.values),
      borderColor: colour, backgroundColor: colour, borderWidth: LINE_WIDTH,
      pointRadius: series.values.filter(Number.isFinite).length === 1 ? 3.5 : 0,
    };
  });
}

function lineOptions(picture, state) {
  const values = state.series.map((line) => line.values);
  const last = picture.first + picture.lines[0].values.length - 1;
  const xAxis = axis(picture.x_title, {min: picture.first, max: Math.max(last, picture.first + 1)});
  xAxis.ticks.precision = 0;
  const yRange = picture.log ? {type: 'logarithmic', ...logRange(picture)} : rangeOf(values, 1);
  const options = figureOptions(state, xAxis, yRange, {mode: 'meansAtX', intersect: false}, {
    title: (items) => (items.length > 0 ? `${picture.x_title}: ${items[0].raw.x}` : ''),
    label: ({dataset, raw}) => `${dataset.label}: ${Number(raw.y.toPrecision(5))}`,
  });
  // Numbers at the powers of ten alone.
  if (picture.log) {
    options.scales.y.ticks.callback = (value) => {
      const power = Math.log10(value);
      return Math.abs(power - Math.round(power)) < 1e-9 ? Number(value.toPrecision(1)).toExponential() : '';
    };
  }
  return options;
}

/// A chart with its legend; returns what is to be called when the colours change.
function addLines(parent, picture) {
  const state = {dataset: picture.dataset, metric: {axis: picture.y_title, higher: true},
                 series: picture.lines, hidden: new Set(), redraws: []};
  const box = parent.appendChild(element('div'));
  const legend = box.appendChild(element('div', 'legend'));
  picture.lines.forEach((line, index) => {
    const button = addButton(legend, state, line.label, 'cell', true, () => {
      if (!state.hidden.delete(index)) state.hidden.add(index);
      return !state.hidden.has(index);
    });
    const swatch = element('span', 'swatch');
    button.prepend(swatch);
    const paint = () => {
      const colour = lineColour(state, line, index);
      swatch.style.background = `linear-gradient(transparent 5px, ${colour} 5px 8px, transparent 8px)`;
    };
    paint();
    state.redraws.push(paint);
  });
  addFigure(box, state, `${picture.dataset}: ${picture.title}`,
            () => lineDatasets(picture, state), () => lineOptions(picture, state));
  return state.redraws;
}
