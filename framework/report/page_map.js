// Points with names in the plane: as many names as have room, more of them where the reader looks
// closer.
const MAP_WIDTH = 960;  // in pixels, at most
const MAP_HEIGHT = 640;
const MAP_MARGIN = 14;
const NAME_FONT = '12px system-ui, sans-serif';
const NAME_HEIGHT = 14;
const NAME_GAP = 5;     // from the middle of a point to its name
const CLOSEST = 50;     // times the size of the whole map
const REACH = 16;       // pixels from the pointer to a point that it names
const LEAST_DRAG = 6;   // pixels; less is a click
const WHOLE = {x: 0.5, y: 0.5, zoom: 1};

function svgNode(name, values, text) {
  const made = document.createElementNS('http://www.w3.org/2000/svg', name);
  Object.entries(values).forEach(([key, value]) => made.setAttribute(key, value));
  if (text !== undefined) made.textContent = text;
  return made;
}

const unitOf = (state) => (state.height - 2 * MAP_MARGIN) * state.view.zoom;

function toPixels(state, [x, y]) {
  return {x: state.width / 2 + (x - state.view.x) * unitOf(state),
          y: state.height / 2 - (y - state.view.y) * unitOf(state)};
}

/// The view with what is at a pixel in its middle, so many times closer; never beyond the map.
function viewAt(state, pixel, closer) {
  const within = (value) => Math.min(1, Math.max(0, value));
  const zoom = Math.min(CLOSEST, Math.max(1, state.view.zoom * closer));
  if (zoom === 1) return WHOLE;
  return {x: within(state.view.x + (pixel.x - state.width / 2) / unitOf(state)),
          y: within(state.view.y - (pixel.y - state.height / 2) / unitOf(state)), zoom};
}

function shownPoints(state) {
  return state.map.places.map((place, at) => ({at, ...toPixels(state, place)}))
      .filter(({x, y}) => x >= 0 && x <= state.width && y >= 0 && y <= state.height);
}

// Where a name may stand, the best place first. A box holds the name and its point.
function boxesOf(state, {at, x, y}) {
  const width = state.widths[at] + 2;
  const beside = (left, name) => ({left, right: left + width + NAME_GAP + 3, top: y - NAME_HEIGHT / 2,
                                   bottom: y + NAME_HEIGHT / 2, name, y: y + 4});
  const over = (top, line) => ({left: x - width / 2, right: x + width / 2, top,
                                bottom: top + NAME_HEIGHT + 3, name: x - width / 2 + 1, y: line});
  return [beside(x - 3, x + NAME_GAP), beside(x - NAME_GAP - width, x - NAME_GAP - width + 2),
          over(y - NAME_HEIGHT - 1, y - 5), over(y - 2, y + NAME_HEIGHT)];
}

/// Names in the order of the points, each where it lies on none before it and on no frame.
function roomForNames(state, points) {
  const taken = [];
  const isFree = (box) => box.left >= 0 && box.right <= state.width && box.top >= 0 &&
      box.bottom <= state.height && taken.every((other) => box.left >= other.right ||
      box.right <= other.left || box.top >= other.bottom || box.bottom <= other.top);
  for (const point of points) {
    const box = boxesOf(state, point).find(isFree);
    if (box) taken.push({...box, at: point.at});
  }
  return taken;
}

function drawMap(state) {
  state.width = Math.min(MAP_WIDTH, state.figure.clientWidth || MAP_WIDTH);
  state.height = Math.min(MAP_HEIGHT, state.width);
  const {svg, width, height} = state;
  Object.entries({viewBox: `0 0 ${width} ${height}`, width, height})
      .forEach(([key, value]) => svg.setAttribute(key, value));
  state.shown = shownPoints(state);
  const names = roomForNames(state, state.shown);
  const named = new Set(names.map(({at}) => at));
  const dots = state.shown.map(({at, x, y}) => svgNode('circle', {
    class: 'point', cx: rounded(x), cy: rounded(y), r: 2.5,
    'fill-opacity': named.has(at) ? 1 : 0.35}));
  const texts = names.map(({at, name, y}) =>
      svgNode('text', {x: rounded(name), y: rounded(y)}, state.map.labels[at]));
  state.mark = svgNode('g', {});  // of the pointer
  svg.replaceChildren(svgNode('rect', {class: 'frame', x: 0.5, y: 0.5, width: width - 1,
                                       height: height - 1}), ...dots, ...texts, state.mark);
}

/// A point's name over all others.
function showName(state, {at, x, y}) {
  const width = state.widths[at];
  const left = Math.max(2, Math.min(x + NAME_GAP + 3, state.width - width - 4));
  const line = y > 24 ? y - 8 : y + 20;
  state.mark.replaceChildren(
      svgNode('circle', {class: 'ring', cx: x, cy: y, r: 5}),
      svgNode('rect', {class: 'sheet', x: left - 4, y: line - 13, width: width + 8, height: 18}),
      svgNode('text', {x: left, y: line}, state.map.labels[at]));
}

function pointerAt(state, event) {
  const box = state.svg.getBoundingClientRect();
  const scale = state.width / box.width;
  return {x: (event.clientX - box.x) * scale, y: (event.clientY - box.y) * scale};
}

function nameNearest(state, pointer) {
  const distance = ({x, y}) => Math.hypot(x - pointer.x, y - pointer.y);
  const nearest = state.shown.reduce(
      (best, point) => (best && distance(best) <= distance(point) ? best : point), null);
  if (nearest && distance(nearest) <= REACH) showName(state, nearest);
  else state.mark.replaceChildren();
}

// A mouse or a pen draws the rectangle to be looked at; a finger scrolls the page.
function listenToPointer(state, look) {
  let from = null;
  const rectangle = (to) => ({x: Math.min(from.x, to.x), y: Math.min(from.y, to.y),
                              width: Math.abs(to.x - from.x), height: Math.abs(to.y - from.y)});
  const {svg} = state;
  svg.addEventListener('pointerdown', (event) => {
    if (event.pointerType === 'touch' || event.button !== 0) return;
    from = pointerAt(state, event);
    svg.setPointerCapture(event.pointerId);
  });
  svg.addEventListener('pointermove', (event) => {
    const pointer = pointerAt(state, event);
    if (!from) return nameNearest(state, pointer);
    state.mark.replaceChildren(svgNode('rect', {class: 'drag', ...rectangle(pointer)}));
  });
  svg.addEventListener('pointerup', (event) => {
    if (!from) return nameNearest(state, pointerAt(state, event));
    const {x, y, width, height} = rectangle(pointerAt(state, event));
    from = null;
    if (Math.max(width, height) < LEAST_DRAG) return;
    const closer = Math.min(state.width / (width + 1), state.height / (height + 1));
    look(viewAt(state, {x: x + width / 2, y: y + height / 2}, closer));
  });
  svg.addEventListener('pointercancel', () => { from = null; state.mark.replaceChildren(); });
  svg.addEventListener('pointerleave', ({pointerType}) => {
    if (!from && pointerType !== 'touch') state.mark.replaceChildren();  // a finger leaves at once
  });
  svg.addEventListener('dblclick', () => look(WHOLE));
}

function addMapButtons(state, look) {
  const legend = state.figure.insertBefore(element('div', 'legend view'), state.svg);
  const add = (sign, name, view) => {
    const button = legend.appendChild(element('button', '', sign));
    button.type = 'button';
    button.title = name;
    button.setAttribute('aria-label', name);
    button.addEventListener('click', () => look(view()));
  };
  const at = (across, down) => ({x: state.width * across, y: state.height * down});
  add('+', 'closer', () => viewAt(state, at(0.5, 0.5), 1.5));
  add('−', 'less close', () => viewAt(state, at(0.5, 0.5), 1 / 1.5));
  add('←', 'to the left', () => viewAt(state, at(0.25, 0.5), 1));
  add('→', 'to the right', () => viewAt(state, at(0.75, 0.5), 1));
  add('↑', 'up', () => viewAt(state, at(0.5, 0.25), 1));
  add('↓', 'down', () => viewAt(state, at(0.5, 0.75), 1));
  add('whole map', 'whole map', () => WHOLE);
}

/// A map with its buttons.
function addMap(parent, map) {
  const figure = parent.appendChild(element('figure', 'map'));
  figure.append(element('figcaption', '', map.cell));
  const svg = figure.appendChild(svgNode('svg', {
    role: 'img', 'aria-label': `${map.dataset}, ${map.cell}: ${map.title}; plots/map.csv holds the ` +
                               'places and names'}));
  const pen = element('canvas').getContext('2d');
  pen.font = NAME_FONT;
  const state = {map, figure, svg, view: WHOLE,
                 widths: map.labels.map((label) => pen.measureText(label).width)};
  const look = (view) => {
    state.view = view;
    drawMap(state);
  };
  addMapButtons(state, look);
  listenToPointer(state, look);
  look(WHOLE);
  window.addEventListener('resize', () => {
    if (Math.min(MAP_WIDTH, figure.clientWidth) !== state.width) drawMap(state);
  });
  // Paper can't be asked to come closer.
  let seen = WHOLE;
  window.addEventListener('beforeprint', () => { seen = state.view; look(WHOLE); });
  window.addEventListener('afterprint', () => look(seen));
}

/// Maps of one title side by side, below a heading.
function addMaps(parent, maps) {
  const boxes = new Map();
  for (const map of maps) {
    const title = `${map.dataset}: ${map.title}`;
    if (!boxes.has(title)) {
      parent.append(element('h3', '', title));
      boxes.set(title, parent.appendChild(element('div', 'pair')));
    }
    addMap(boxes.get(title), map);
  }
}
