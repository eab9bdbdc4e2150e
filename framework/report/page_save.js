// Every picture can be saved as an SVG file: one that is SVG with its styles written out, a canvas
// by listening to what is drawn on it, a table of shades as its boxes. Always in the colours of
// paper.
const rounded = (value) => String(Math.round(value * 100) / 100);
const escapeXml = (text) => text.replace(/[&<>"]/g, (c) => `&#${c.charCodeAt(0)};`);

function attributes(values) {
  return Object.entries(values).filter(([, value]) => value !== '' && value !== undefined)
      .map(([name, value]) => ` ${name}="${escapeXml(String(value))}"`).join('');
}

const tag = (name, values, inside = '') => `<${name}${attributes(values)}>${inside}</${name}>\n`;

function svgFile(width, height, scale, inside) {
  const view = `0 0 ${rounded(width * scale)} ${rounded(height * scale)}`;
  return tag('svg', {xmlns: 'http://www.w3.org/2000/svg', width: rounded(width),
                     height: rounded(height), viewBox: view},
             '\n' + tag('rect', {width: '100%', height: '100%', fill: css('--back')}) + inside);
}

// A text stands on its base line in every program, which not all move by dominant-baseline.
const BASELINES = {top: '0.8em', hanging: '0.8em', middle: '0.35em', bottom: '-0.2em'};
const ANCHORS = {center: 'middle', right: 'end', end: 'end'};

/// Listens to a context: the methods that it is drawn by come here first. Places are in pixels of
/// the canvas, as each method meets the context's transform.
class Recorder {
  constructor(context) {
    this.context = context;
    this.parts = [];
    this.path = '';
    this.clips = [];  // of the saved states, in order; the last one holds
    this.clipped = '';
    this.names = Object.getOwnPropertyNames(Recorder.prototype)
        .filter((name) => name in CanvasRenderingContext2D.prototype);
  }

  record(paint) {
    for (const name of this.names) {
      this.context[name] = (...values) => {
        this[name](...values);
        return CanvasRenderingContext2D.prototype[name].apply(this.context, values);
      };
    }
    try {
      paint();
    } finally {
      for (const name of this.names) delete this.context[name];
    }
    return this.parts.join('');
  }

  place(...values) {
    const {a, b, c, d, e, f} = this.context.getTransform();
    const pairs = [];
    for (let k = 0; k < values.length; k += 2) {
      const [x, y] = [values[k], values[k + 1]];
      pairs.push(`${rounded(a * x + c * y + e)} ${rounded(b * x + d * y + f)}`);
    }
    return pairs.join(' ');
  }

  scaled(length) {
    const {a, b} = this.context.getTransform();
    return rounded(length * Math.hypot(a, b));
  }

  add(name, values, inside) {
    const alpha = this.context.globalAlpha;
    this.parts.push(tag(name, {...values, opacity: alpha < 1 ? rounded(alpha) : '',
                               'clip-path': this.clipped && `url(#${this.clipped})`}, inside));
  }

  strokes(path) {
    this.add('path', {
      d: path, fill: 'none', stroke: this.context.strokeStyle,
      'stroke-width': this.scaled(this.context.lineWidth),
      'stroke-dasharray': this.context.getLineDash().map((length) => this.scaled(length)).join(' '),
    });
  }

  box(x, y, width, height) {
    return `M${this.place(x, y)}L${this.place(x + width, y, x + width, y + height, x, y + height)}Z`;
  }

  save() { this.clips.push(this.clipped); }
  restore() { this.clipped = this.clips.pop() ?? ''; }
  beginPath() { this.path = ''; }
  closePath() { this.path += 'Z'; }
  moveTo(x, y) { this.path += `M${this.place(x, y)}`; }
  lineTo(x, y) { this.path += (this.path ? 'L' : 'M') + this.place(x, y); }
  bezierCurveTo(...values) { this.path += `C${this.place(...values)}`; }
  quadraticCurveTo(...values) { this.path += `Q${this.place(...values)}`; }
  rect(...values) { this.path += this.box(...values); }
  fill() { this.add('path', {d: this.path, fill: this.context.fillStyle}); }
  stroke() { this.strokes(this.path); }
  fillRect(...values) {
    this.add('path', {d: this.box(...values), fill: this.context.fillStyle});
  }
  strokeRect(...values) { this.strokes(this.box(...values)); }

  arc(x, y, radius, from, to, back = false) {
    const at = (angle) => [x + radius * Math.cos(angle), y + radius * Math.sin(angle)];
    // An arc of SVG can't be a whole circle: two halves.
    const whole = Math.abs(to - from) >= 2 * Math.PI - 1e-6;
    const ends = whole ? [from + Math.PI, from + 2 * Math.PI] : [to];
    const large = !whole && Math.abs(to - from) > Math.PI ? 1 : 0;
    this.lineTo(...at(from));
    for (const end of ends) {
      const r = this.scaled(radius);
      this.path += `A${r} ${r} 0 ${large} ${back ? 0 : 1} ${this.place(...at(end))}`;
    }
  }

  clip() {
    const id = `clip${this.parts.length}`;
    const within = this.clipped && `url(#${this.clipped})`;
    this.parts.push(tag('clipPath', {id, 'clip-path': within}, tag('path', {d: this.path})));
    this.clipped = id;
  }

  fillText(text, x, y) {
    const {font, fillStyle, textAlign, textBaseline} = this.context;
    const {a, b, c, d, e, f} = this.context.getTransform();
    // The group is clipped where it stands, the text inside is turned.
    this.add('g', {}, tag('text', {
      x: rounded(x), y: rounded(y), dy: BASELINES[textBaseline], fill: fillStyle,
      'text-anchor': ANCHORS[textAlign], style: `font: ${font}`,
      transform: `matrix(${[a, b, c, d, e, f].map(rounded).join(' ')})`,
    }, escapeXml(text)));
  }
}

/// The canvases of a figure, side by side as on the page.
function canvasSvg(canvases) {
  let [left, height, scale, inside] = [0, 0, 1, ''];
  canvases.forEach((canvas, index) => {
    const drawn = new Recorder(canvas.getContext('2d')).record(painters.get(canvas));
    const ids = drawn.replace(/(id="|url\(#)clip/g, `$1canvas${index}clip`);
    scale = canvas.width / canvas.clientWidth;
    inside += tag('g', {transform: `translate(${rounded(left * scale)} 0)`}, '\n' + ids);
    left += canvas.clientWidth;
    height = Math.max(height, canvas.clientHeight);
  });
  return svgFile(left, height, scale, inside);
}

const STYLES = ['fill', 'stroke', 'stroke-width', 'stroke-dasharray', 'font-size', 'font-family'];

function inlineSvg(svg) {
  const copy = svg.cloneNode(true);
  const originals = svg.querySelectorAll('*');
  copy.querySelectorAll('*').forEach((part, at) => {
    const style = getComputedStyle(originals[at]);
    const shown = part.tagName === 'text' ? STYLES : STYLES.slice(0, 4);
    for (const name of shown) part.setAttribute(name, style.getPropertyValue(name));
    part.removeAttribute('class');
  });
  const {x, y, width, height} = svg.viewBox.baseVal;
  return svgFile(width, height, 1, tag('g', {transform: `translate(${-x} ${-y})`}, copy.innerHTML));
}

function cellSvg(cell, origin) {
  const box = cell.getBoundingClientRect();
  const style = getComputedStyle(cell);
  const inner = getComputedStyle(cell.querySelector('span') ?? cell);
  const [x, y] = [box.x - origin.x, box.y - origin.y];
  const [middle, centre] = [rounded(x + box.width / 2), rounded(y + box.height / 2)];
  const size = parseFloat(inner.fontSize);
  const turn = inner.writingMode.startsWith('vertical') ? `rotate(90 ${middle} ${centre})` : '';
  const words = size === 0 ? '' : tag('text', {
    x: middle, y: centre, dy: '0.35em', 'text-anchor': 'middle', fill: style.color, transform: turn,
    'font-size': size, 'font-family': style.fontFamily, 'font-weight': style.fontWeight,
  }, escapeXml(cell.textContent));
  return tag('rect', {x: rounded(x), y: rounded(y), width: rounded(box.width),
                      height: rounded(box.height), fill: style.backgroundColor,
                      stroke: css('--line')}) + words;
}

function tableSvg(table) {
  const origin = table.getBoundingClientRect();
  const cells = [...table.querySelectorAll('th, td')].map((cell) => cellSvg(cell, origin));
  return svgFile(origin.width, origin.height, 1, cells.join(''));
}

/// The picture of a figure as the text of an SVG file; nothing where the figure has none.
function pictureOf(figure) {
  const [svg, table] = [figure.querySelector('svg'), figure.querySelector('table')];
  if (svg) return {label: svg.getAttribute('aria-label'), make: () => inlineSvg(svg)};
  if (table) {
    return {label: table.parentElement.getAttribute('aria-label'), make: () => tableSvg(table)};
  }
  const canvases = [...figure.querySelectorAll('canvas')];
  if (canvases.length === 0) return null;
  const label = canvases[canvases.length - 1].getAttribute('aria-label');
  return {label, make: () => canvasSvg(canvases)};
}

/// A label begins with what the picture shows; what follows a semicolon is for screen readers.
const fileName = (label) => `${document.querySelector('h1').textContent} ${label.split(';')[0]}`
    .replace(/[^\p{Letter}\p{Number}]+/gu, '_').slice(0, 100) + '.svg';

function addSave(figure) {
  if (!pictureOf(figure)) return;
  const button = figure.querySelector('figcaption').appendChild(element('button', 'save', 'Save as SVG'));
  button.type = 'button';
  button.addEventListener('click', () => {
    const {label, make} = pictureOf(figure);
    const link = element('a');
    onPaper(() => {
      link.href = URL.createObjectURL(new Blob([make()], {type: 'image/svg+xml'}));
    });
    link.download = fileName(label);
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 10000);
  });
}
