// What a network expects, as shades, and the notes that came, as outlines.
const KEY_HEIGHT = 9;
const LABELS_WIDTH = 34;
const AXIS_HEIGHT = 22;
const STEP_WIDTH = 11;
const MOST_PIXELS = 8000;  // wider canvases are refused by some browsers
const STEPS_BETWEEN_TICKS = 8;

const pitchName = (pitch) => ['C', 'C♯', 'D', 'D♯', 'E', 'F', 'F♯', 'G', 'G♯', 'A', 'A♯', 'B'][
    pitch % 12] + (Math.floor(pitch / 12) - 1);

/// A canvas of that size in CSS pixels, sharp on dense screens; the context is scaled.
function sizedContext(canvas, width, height) {
  const density = Math.min(window.devicePixelRatio || 1, Math.max(1, MOST_PIXELS / width));
  canvas.width = Math.round(width * density);
  canvas.height = Math.round(height * density);
  canvas.style.width = `${width}px`;
  canvas.style.height = `${height}px`;
  const context = canvas.getContext('2d');
  context.scale(density, density);
  context.font = '11px system-ui, sans-serif';
  return context;
}

const topOf = (roll, pitch) => (roll.lowest + roll.keys - 1 - pitch) * KEY_HEIGHT;
const octavesOf = (roll) => Array.from({length: roll.keys}, (_, key) => roll.lowest + key)
    .filter((pitch) => pitch % 12 === 0);

function drawLabels(canvas, roll) {
  const context = sizedContext(canvas, LABELS_WIDTH, roll.keys * KEY_HEIGHT + AXIS_HEIGHT);
  context.fillStyle = css('--soft');
  context.textAlign = 'right';
  context.textBaseline = 'middle';
  for (const pitch of octavesOf(roll)) {
    context.fillText(pitchName(pitch), LABELS_WIDTH - 5, topOf(roll, pitch) + KEY_HEIGHT / 2);
  }
}

// Repeated notes have one outline: the data do not say where one ends and the next begins.
function noteRuns(roll) {
  const runs = [];
  const open = new Map();
  roll.notes.forEach((pitches, step) => {
    for (const pitch of pitches) {
      const run = open.get(pitch);
      if (run && run.end === step) {
        run.end = step + 1;
      } else {
        const made = {pitch, start: step, end: step + 1};
        open.set(pitch, made);
        runs.push(made);
      }
    }
  });
  return runs;
}

function drawGrid(context, roll, stepWidth, width, height) {
  context.strokeStyle = context.fillStyle = css('--line');
  for (const pitch of octavesOf(roll)) {
    context.fillRect(0, topOf(roll, pitch) + KEY_HEIGHT - 0.5, width, 1);
  }
  context.textAlign = 'left';
  context.textBaseline = 'bottom';
  const every = STEPS_BETWEEN_TICKS * Math.ceil(44 / (STEPS_BETWEEN_TICKS * stepWidth));
  for (let step = 0; step < roll.notes.length; step += every) {
    context.fillStyle = css('--line');
    context.fillRect(step * stepWidth - 0.5, 0, 1, height + 5);
    context.fillStyle = css('--soft');
    context.fillText(String(step + 1), step * stepWidth + 3, height + AXIS_HEIGHT - 4);
  }
}

function drawRoll(canvas, roll) {
  const stepWidth = Math.min(STEP_WIDTH, MOST_PIXELS / roll.notes.length);
  const width = Math.ceil(roll.notes.length * stepWidth) + 1;
  const height = roll.keys * KEY_HEIGHT;
  const context = sizedContext(canvas, width, height + AXIS_HEIGHT);
  drawGrid(context, roll, stepWidth, width, height);
  context.fillStyle = css('--shade');
  roll.expected.forEach((row, step) => row.forEach((permille, key) => {
    if (permille < 5) return;
    context.globalAlpha = permille / 1000;
    context.fillRect(step * stepWidth, topOf(roll, roll.lowest + key), stepWidth, KEY_HEIGHT);
  }));
  context.globalAlpha = 1;
  context.strokeStyle = css('--outline');
  context.lineWidth = 1.5;
  for (const run of noteRuns(roll)) {
    context.strokeRect(run.start * stepWidth + 0.75, topOf(roll, run.pitch) + 0.75,
                       (run.end - run.start) * stepWidth - 1.5, KEY_HEIGHT - 1.5);
  }
  return stepWidth;
}

function rollText(roll, step, pitch) {
  if (step < 0 || step >= roll.notes.length || pitch < roll.lowest ||
      pitch >= roll.lowest + roll.keys) {
    return '';
  }
  const chance = (roll.expected[step][pitch - roll.lowest] / 1000).toFixed(3);
  const sounds = roll.notes[step].includes(pitch) ? 'sounds' : 'silent';
  return `step ${step + 1}, ${pitchName(pitch)}: expected ${chance}, ${sounds}`;
}

/// One picture for the rolls of one sequence, one of which is shown.
function addRolls(parent, rolls) {
  let shown = 0;
  let stepWidth = STEP_WIDTH;
  const figure = parent.appendChild(element('figure', 'roll'));
  figure.append(element('figcaption', '', `${rolls[0].dataset}: ${rolls[0].sequence}`));
  const legend = figure.appendChild(element('div', 'legend'));
  const box = figure.appendChild(element('div', 'rollbox'));
  const labels = box.appendChild(element('canvas'));
  labels.setAttribute('aria-hidden', 'true');
  const scroll = box.appendChild(element('div', 'scroll'));
  scroll.tabIndex = 0;
  scroll.setAttribute('role', 'region');
  scroll.setAttribute('aria-label', `Piano roll, ${rolls[0].dataset}`);
  const canvas = scroll.appendChild(element('canvas'));
  canvas.setAttribute('role', 'img');
  const readout = figure.appendChild(element('p', 'note readout', '\u00a0'));
  const draw = () => {
    const roll = rolls[shown];
    canvas.setAttribute('aria-label', `What ${roll.cell} expects of ${roll.dataset}, ` +
        `${roll.sequence}, and the notes that came; plots/piano_roll.csv holds the numbers`);
    drawLabels(labels, roll);
    stepWidth = drawRoll(canvas, roll);
  };
  const buttons = rolls.map((roll, at) => {
    const button = legend.appendChild(element('button', '', roll.cell));
    button.type = 'button';
    button.addEventListener('click', () => {
      shown = at;
      buttons.forEach((other, k) => other.setAttribute('aria-pressed', String(k === at)));
      draw();
    });
    button.setAttribute('aria-pressed', String(at === 0));
    return button;
  });
  for (const one of [labels, canvas]) painters.set(one, draw);
  canvas.addEventListener('pointermove', (event) => {
    const roll = rolls[shown];
    const step = Math.floor(event.offsetX / stepWidth);
    const pitch = roll.lowest + roll.keys - 1 - Math.floor(event.offsetY / KEY_HEIGHT);
    readout.textContent = rollText(roll, step, pitch) || '\u00a0';
  });
  draw();
  return draw;
}
