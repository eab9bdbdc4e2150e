'use strict';
(() => {
  const groups = JSON.parse(document.getElementById('chart-data').textContent);
  const dark = window.matchMedia('(prefers-color-scheme: dark)');

  // After Okabe and Ito, whose yellow and black are left out, with lightness to suit the paper.
  const COLOURS = {
    light: ['#0072b2', '#d55e00', '#00875f', '#b0508a', '#9a6f00', '#3d9bd6', '#5c5c5c'],
    dark: ['#56a8e8', '#f0803c', '#2bc49a', '#e39bc4', '#f2b632', '#a5d8fa', '#c4c4c4'],
  };
  // When the colours begin anew, the lines carry marks: names of Chart.js, signs for the texts.
  const MARKS = [false, 'circle', 'triangle', 'rect', 'rectRot'];
  const SIGNS = ['', '● ', '▲ ', '■ ', '◆ '];
  const EPOCH = 0, SECONDS = 1, MEAN = 2, LOW = 3, HIGH = 4, TRAIN = 5, SEEDS = 6;
  const BAND = '38';         // opacity of a band, as the last two digits of a colour
  const LABEL_SPACE = 150;   // pixels to the right of the lines, on wide charts
  const LABEL_HEIGHT = 15;
  const WIDE = 480;
  const TOOLTIP_LINES = 7;

  const palette = () => (dark.matches ? COLOURS.dark : COLOURS.light);
  const colourOf = (index) => palette()[index % palette().length];
  const cycleOf = (index) => Math.floor(index / palette().length) % MARKS.length;
  const markOf = (index) => MARKS[cycleOf(index)];
  const labelOf = (series, index) => SIGNS[cycleOf(index)] + series.label;
  const css = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

  function element(tag, className, text) {
    const made = document.createElement(tag);
    if (className) made.className = className;
    if (text !== undefined) made.textContent = text;
    return made;
  }

  const points = (rows, x, y) => rows.map((row) => ({x: row[x], y: row[y], row}));

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
      pointRadius: ({dataIndex}) =>
          single || (markOf(index) && dataIndex % every === 0) ? 3.5 : 0,
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
      role: 'diverged', data: points(trial.points, x, 2),
      borderColor: colourOf(index), borderWidth: 1, borderDash: [1, 3],
      pointStyle: 'crossRot', pointBorderWidth: 2,
      pointRadius: ({dataIndex}) => (dataIndex === trial.points.length - 1 ? 5 : 0),
    };
  }

  // Two lines without a stroke; the first is filled down to the second.
  function band(series, index, x) {
    const edge = {role: 'band', borderWidth: 0, pointRadius: 0};
    return [
      {...edge, data: points(series.points, x, HIGH), backgroundColor: colourOf(index) + BAND,
       fill: '+1'},
      {...edge, data: points(series.points, x, LOW)},
    ];
  }

  // Chart.js paints the last data set first: what shall lie on top comes first.
  function datasetsOf(state, x) {
    const shown = state.series.map((series, index) => ({series, index}))
        .filter(({index}) => !state.hidden.has(index));
    return [
      ...shown.map(({series, index}) => meanLine(series, index, x)),
      ...shown.flatMap(({series, index}) =>
          series.diverged.map((trial) => divergedLine(trial, index, x))),
      ...(state.train ? shown.map(({series, index}) => trainLine(series, index, x)) : []),
      ...shown.flatMap(({series, index}) => band(series, index, x)),
    ];
  }

  // The steep start of training and rare spikes would press everything else flat: the highest
  // 30 % of a curve may lie outside.
  function upperValue(values, whole) {
    const sorted = values.slice().sort((a, b) => a - b);
    return sorted[Math.ceil((whole ? 1 : 0.7) * (sorted.length - 1))];
  }

  function yRange(state) {
    let low = Infinity;
    let high = -Infinity;
    state.series.forEach((series, index) => {
      if (state.hidden.has(index) || series.points.length === 0) return;
      const finite = (column) => series.points.map((row) => row[column]).filter(Number.isFinite);
      const columns = state.train ? [LOW, HIGH, TRAIN] : [LOW, HIGH];
      for (const values of columns.map(finite).filter((list) => list.length > 0)) {
        low = Math.min(low, ...values);
        // The end of a curve is what counts: it must be inside, whatever came before.
        high = Math.max(high, upperValue(values, state.whole), values[values.length - 1]);
      }
    });
    if (low > high) return {};
    const margin = 0.05 * (high - low) || 0.05 * Math.abs(high) || 1;
    return {min: low - margin, max: high + margin};
  }

  // Over hidden cells too: the axis shall stay where it is when a cell is hidden.
  function lastValue(state, x) {
    const ends = state.series.flatMap(
        (series) => [series, ...series.diverged].flatMap(({points}) => points.slice(-1)));
    return Math.max(0, ...ends.map((row) => row[x]));
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

  // Cells reach the same second in different epochs, so there each line names its own.
  function tooltipTexts(x) {
    const line = ({dataset, raw}) => {
      const [epoch, , mean, low, high, , seeds] = raw.row;
      const spread = seeds > 1 ? ` (${low.toFixed(3)} to ${high.toFixed(3)})` : '';
      const part = seeds < dataset.seeds ? `, ${seeds} of ${dataset.seeds} seeds` : '';
      const when = x === SECONDS ? `, epoch ${epoch}` : '';
      return `${dataset.label}${when}: ${mean.toFixed(3)}${spread}${part}`;
    };
    const title = (items) =>
        (x === EPOCH && items.length > 0 ? `epoch ${items[0].raw.row[EPOCH]}` : '');
    return {title, label: line};
  }

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

  function axis(title) {
    return {
      type: 'linear',
      title: {display: true, text: title, color: css('--text')},
      ticks: {includeBounds: false, color: css('--soft'), maxRotation: 0},
      grid: {color: css('--line'), borderColor: css('--line')},
    };
  }

  function optionsOf(state, xTitle, x) {
    const scales = {x: axis(xTitle), y: axis('NLL, nats per step')};
    // Left to itself, Chart.js would leave out what lies above the vertical axis.
    scales.x.min = 0;
    scales.x.max = lastValue(state, x) || 1;
    if (x === EPOCH) scales.x.ticks.precision = 0;
    Object.assign(scales.y, yRange(state));
    return {
      animation: false, parsing: false, normalized: false, maintainAspectRatio: false, scales,
      layout: {padding: ({chart}) => ({top: 8, right: chart.width < WIDE ? 8 : LABEL_SPACE})},
      interaction: {mode: 'meansAtX', intersect: false},
      plugins: {
        legend: {display: false},
        tooltip: {callbacks: tooltipTexts(x), itemSort: (a, b) => b.raw.y - a.raw.y,
                  backgroundColor: 'rgba(0, 0, 0, 0.92)'},
      },
    };
  }

  function addFigure(parent, state, caption, xTitle, x) {
    const figure = parent.appendChild(element('figure'));
    figure.append(element('figcaption', '', caption));
    const canvas = figure.appendChild(element('div', 'canvas'))
        .appendChild(element('canvas'));
    canvas.setAttribute('role', 'img');
    canvas.setAttribute('aria-label', caption + '; the tables give the numbers');
    const chart = new Chart(canvas, {
      type: 'line', data: {datasets: datasetsOf(state, x)},
      options: optionsOf(state, xTitle, x), plugins: [endLabels],
    });
    state.redraws.push(() => {
      chart.data.datasets = datasetsOf(state, x);
      chart.options = optionsOf(state, xTitle, x);
      chart.update('none');
    });
  }

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
    addButton(legend, state, 'training NLL (dashed)', '', false,
        () => (state.train = !state.train));
    addButton(legend, state, 'whole range', '', false, () => (state.whole = !state.whole));
    parent.append(element('p', 'note',
        'Line: mean over seeds. Band: smallest to largest over seeds.'));
  }

  const drawn = groups.map((group) => {
    const state = {series: group.series, hidden: new Set(), train: false, whole: false,
                   redraws: []};
    const parent = document.getElementById('charts').appendChild(element('div'));
    if (groups.length > 1) parent.append(element('h3', '', `Data set ${group.dataset}`));
    addLegend(parent, state);
    const pair = parent.appendChild(element('div', 'pair'));
    addFigure(pair, state, 'Validation NLL against epochs', 'epoch', EPOCH);
    addFigure(pair, state, 'Validation NLL against training time', 'time, s', SECONDS);
    return state;
  });
  dark.addEventListener('change', () =>
      drawn.forEach((state) => state.redraws.forEach((redraw) => redraw())));
})();
