// Tables without headings between their rows are sorted by a click on a title: numbers as numbers,
// what is no number last, and a second click the other way.
function compareTexts(a, b) {
  const [x, y] = [parseFloat(a), parseFloat(b)];
  if (Number.isNaN(x) || Number.isNaN(y)) {
    return Number.isNaN(x) - Number.isNaN(y) || a.localeCompare(b);
  }
  return x - y;
}

function sortBy(table, column, down) {
  const body = table.tBodies[0];
  const text = (row) => row.cells[column].textContent;
  const rows = [...body.rows].sort((a, b) => compareTexts(text(a), text(b)));
  body.append(...(down ? rows.reverse() : rows));
}

function addSorting(table) {
  const titles = [...table.tHead.rows[0].cells];
  titles.forEach((title, column) => {
    const button = element('button', 'sort', title.textContent);
    button.type = 'button';
    title.replaceChildren(button);
    button.addEventListener('click', () => {
      const down = title.getAttribute('aria-sort') === 'ascending';
      titles.forEach((other) => other.removeAttribute('aria-sort'));
      title.setAttribute('aria-sort', down ? 'descending' : 'ascending');
      sortBy(table, column, down);
    });
  });
}

for (const table of document.querySelectorAll('details table:not(.matrix)')) {
  if (!table.querySelector('.group')) addSorting(table);
}
