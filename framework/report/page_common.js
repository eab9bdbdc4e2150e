// What all pictures share. The build puts the page*.js files one behind the other.
const page = JSON.parse(document.getElementById('chart-data').textContent);
const dark = window.matchMedia('(prefers-color-scheme: dark)');

// After Okabe and Ito, whose yellow and black are left out, with lightness to suit the paper.
const COLOURS = {
  light: ['#0072b2', '#d55e00', '#00875f', '#b0508a', '#9a6f00', '#3d9bd6', '#5c5c5c'],
  dark: ['#56a8e8', '#f0803c', '#2bc49a', '#e39bc4', '#f2b632', '#a5d8fa', '#c4c4c4'],
};
// When the colours begin anew, the lines carry marks: names of Chart.js, signs for the texts.
const MARKS = [false, 'circle', 'triangle', 'rect', 'rectRot'];
const SIGNS = ['', '● ', '▲ ', '■ ', '◆ '];
const BAND = '38';         // opacity of a band, as the last two digits of a colour
const LABEL_SPACE = 150;   // pixels to the right of the lines, on wide charts
const LABEL_HEIGHT = 15;
const WIDE = 480;
const TOOLTIP_LINES = 7;
const CURVE_SHARE = 0.7;   // of a curve that its axis shows
const SEARCH_SHARE = 0.5;  // of the draws: most rates are far from the best one

const isDark = () => dark.matches && !document.documentElement.classList.contains('paper');
const palette = () => (isDark() ? COLOURS.dark : COLOURS.light);
const colourOf = (index) => palette()[index % palette().length];
const cycleOf = (index) => Math.floor(index / palette().length) % MARKS.length;
const markOf = (index) => MARKS[cycleOf(index)];
const labelOf = (series, index) => SIGNS[cycleOf(index)] + series.label;
const css = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
const painters = new Map();  // canvas: what draws all of it anew
const points = (rows, x, y) => rows.map((row) => ({x: row[x], y: row[y], row}));

function element(tag, className, text) {
  const made = document.createElement(tag);
  if (className) made.className = className;
  if (text !== undefined) made.textContent = text;
  return made;
}

/// The series of a data set that are not hidden, each with its place.
function shownSeries(state) {
  return state.series.map((series, index) => ({series, index}))
      .filter(({index}) => !state.hidden.has(index));
}

const upperValue = (values, share) =>
    values.slice().sort((a, b) => a - b)[Math.ceil(share * (values.length - 1))];

/// The range of an axis that shows the curves' values, each an array in the order of the curve. The
/// steep start of training and rare spikes would press everything else flat: of each curve at least
/// the lower `share` is inside.
function rangeOf(curves, share) {
  let low = Infinity;
  let high = -Infinity;
  for (const values of curves.map((curve) => curve.filter(Number.isFinite))) {
    if (values.length === 0) continue;
    low = Math.min(low, ...values);
    // The end of a curve is what counts: it must be inside, whatever came before.
    high = Math.max(high, upperValue(values, share), values[values.length - 1]);
  }
  if (low > high) return {};
  const margin = 0.05 * (high - low) || 0.05 * Math.abs(high) || 1;
  return {min: low - margin, max: high + margin};
}

// For each mean line its point nearest to the pointer in x; of many lines, the nearest in y.
Chart.Interaction.modes.meansAtX = (chart, event) => {
  const items = [];
  chart.getSortedVisibleDatasetMetas().forEach((meta) => {
    if (chart.data.datasets[meta.index].role !== 'mean') return;
    let best = null;
    meta.data.forEach((point, index) => {
      const distance = Math.abs(point.x - event.x);
      if (!best || distance < best.distance) {
        best = {distance, element: point, datasetIndex: meta.index, index};
      }
    });
    if (best && best.distance < 30) items.push(best);
  });
  const away = (item) => Math.abs(item.element.y - event.y);
  return items.sort((a, b) => away(a) - away(b)).slice(0, TOOLTIP_LINES);
};

function fitText(context, text, width) {
  if (context.measureText(text).width <= width) return text;
  let kept = text.length;
  const cut = () => text.slice(0, Math.ceil(kept / 2)) + '…' + text.slice(-Math.floor(kept / 2));
  while (kept > 2 && context.measureText(cut()).width > width) --kept;
  return cut();
}

// Moves labels down, then up, until none lies on another.
function spread(labels, top, bottom) {
  labels.sort((a, b) => a.y - b.y);
  let least = top;
  for (const label of labels) {
    label.y = Math.max(label.y, least);
    least = label.y + LABEL_HEIGHT;
  }
  let most = bottom;
  for (const label of labels.slice().reverse()) {
    label.y = Math.min(label.y, most);
    most = label.y - LABEL_HEIGHT;
  }
}

const endLabels = {
  id: 'endLabels',
  afterDatasetsDraw(chart) {
    const {ctx, chartArea: area, data} = chart;
    if (chart.width < WIDE) return;
    const labels = [];
    data.datasets.forEach((dataset, at) => {
      const last = chart.getDatasetMeta(at).data.slice(-1)[0];
      if (dataset.role !== 'mean' || !last) return;
      const y = Math.min(Math.max(last.y, area.top), area.bottom);
      labels.push({text: dataset.label, colour: dataset.borderColor, last, end: y, y});
    });
    spread(labels, area.top + LABEL_HEIGHT / 2, area.bottom - LABEL_HEIGHT / 2);
    ctx.save();
    ctx.font = '12px system-ui, sans-serif';
    ctx.textBaseline = 'middle';
    for (const label of labels) {
      const left = area.right + 16;
      ctx.strokeStyle = label.colour;
      ctx.lineWidth = 1;
      ctx.setLineDash([1, 3]);
      ctx.beginPath();
      ctx.moveTo(label.last.x, label.end);
      ctx.lineTo(area.right, label.end);
      ctx.lineTo(left - 2, label.y);
      ctx.stroke();
      ctx.fillStyle = label.colour;
      ctx.fillRect(left, label.y - 4, 8, 8);
      ctx.fillStyle = css('--text');
      ctx.fillText(fitText(ctx, label.text, LABEL_SPACE - 36), left + 13, label.y);
    }
    ctx.restore();
  },
};

function axis(title, more) {
  return {
    type: 'linear',
    title: {display: true, text: title, color: css('--text')},
    ticks: {includeBounds: false, color: css('--soft'), maxRotation: 0},
    grid: {color: css('--line'), borderColor: css('--line')},
    ...more,
  };
}

/// Of how much of a curve or a search the axis shows at least: where higher is better, a figure has
/// a bound, and nothing is cut.
const shareOf = (state, share) => (state.whole || state.metric.higher ? 1 : share);
const figureText = (state, value) => value.toFixed(state.metric.decimals);

/// Options of a chart with the figure that chooses upwards. `interaction` and `callbacks` (texts of
/// the tooltip) are those of Chart.js.
function figureOptions(state, xAxis, yRange, interaction, callbacks) {
  return {
    animation: false, parsing: false, normalized: false, maintainAspectRatio: false,
    scales: {x: xAxis, y: axis(state.metric.axis, yRange)},
    layout: {padding: ({chart}) => ({top: 8, right: chart.width < WIDE ? 8 : LABEL_SPACE})},
    interaction,
    plugins: {
      legend: {display: false},
      tooltip: {callbacks, itemSort: (a, b) => b.raw.y - a.raw.y,
                backgroundColor: 'rgba(0, 0, 0, 0.92)'},
    },
  };
}

/// A chart with a caption; `datasets` and `options` are called anew whenever the state changes.
function addFigure(parent, state, caption, datasets, options, plugins = []) {
  const figure = parent.appendChild(element('figure'));
  figure.append(element('figcaption', '', caption));
  const canvas = figure.appendChild(element('div', 'canvas')).appendChild(element('canvas'));
  canvas.setAttribute('role', 'img');
  canvas.setAttribute('aria-label', `${caption}, data set ${state.dataset}; the tables and the ` +
                                    'files in plots/ give the numbers');
  const chart = new Chart(canvas, {
    type: 'line', data: {datasets: datasets()}, options: options(),
    plugins: [endLabels, ...plugins],
  });
  painters.set(canvas, () => chart.draw());
  state.redraws.push(() => {
    chart.data.datasets = datasets();
    chart.options = options();
    chart.update('none');
  });
}
