'use strict';
(() => {
  const table = document.getElementById('results');
  const body = table.tBodies[0];
  const rows = Array.from(body.rows);
  const heads = Array.from(table.tHead.rows[0].cells);

  // Sorting. Cells without a value stay last whichever way the column is turned.
  const key = (row, column) => {
    const cell = row.cells[column];
    return cell.dataset.v !== undefined ? cell.dataset.v : cell.firstChild ? cell.firstChild.textContent : '';
  };
  const sortBy = column => {
    const head = heads[column];
    const now = head.getAttribute('aria-sort');
    const first = head.dataset.first;
    const turned = first === 'ascending' ? 'descending' : 'ascending';
    const next = now === first ? turned : first;
    heads.forEach(other => other.setAttribute('aria-sort', 'none'));
    head.setAttribute('aria-sort', next);
    const numeric = head.classList.contains('n');
    const sign = next === 'ascending' ? 1 : -1;
    const keyed = rows.map(row => {
      const text = key(row, column);
      return [numeric ? (text === '' ? NaN : Number(text)) : text, row];
    });
    const missing = value => value === '' || (typeof value === 'number' && Number.isNaN(value));
    keyed.sort(([a], [b]) => {
      if (missing(a) || missing(b)) return missing(a) - missing(b);
      return sign * (numeric ? a - b : a.localeCompare(b, 'en', { numeric: true }));
    });
    body.append(...keyed.map(([, row]) => row));
  };
  heads.forEach((head, column) => head.querySelector('button').addEventListener('click', () => sortBy(column)));

  // Filtering.
  const find = document.getElementById('find');
  const selects = Array.from(document.querySelectorAll('select[data-axis]'));
  const shown = document.getElementById('shown');
  const filter = () => {
    const words = find.value.toLowerCase().split(/\s+/).filter(Boolean);
    let count = 0;
    for (const row of rows) {
      const label = row.dataset.label.toLowerCase();
      const axes = row.dataset.axes.split('\u001f');
      const fits = words.every(word => label.includes(word))
        && selects.every(select => select.value === '' || axes[Number(select.dataset.axis)] === select.value);
      row.hidden = !fits;
      count += fits;
    }
    shown.textContent = count === rows.length ? `${count} configurations` : `${count} of ${rows.length} configurations`;
  };
  find.addEventListener('input', filter);
  selects.forEach(select => select.addEventListener('change', filter));
  filter();
  document.querySelector('.tools').hidden = rows.length < 2;

  // Values under the pointer, at the keyboard's focus, and at a touch.
  const tip = document.getElementById('tip');
  document.querySelectorAll('[data-tip] > title').forEach(title => title.remove());
  document.querySelectorAll('svg [data-tip]').forEach(mark => mark.setAttribute('aria-label', mark.dataset.tip));
  let owner = null;
  const place = (x, y) => {
    const box = tip.getBoundingClientRect();
    tip.style.left = `${Math.max(8, Math.min(x + 12, innerWidth - box.width - 8))}px`;
    const below = y + 16;
    const above = y - box.height - 12;
    tip.style.top = `${Math.max(8, Math.min(below + box.height > innerHeight - 8 ? above : below, innerHeight - box.height - 8))}px`;
  };
  const show = (target, x, y) => {
    if (owner !== target) tip.textContent = target.dataset.tip;
    owner = target;
    tip.hidden = false;
    place(x, y);
  };
  const showAt = target => {
    const box = target.getBoundingClientRect();
    show(target, box.left + Math.min(box.width / 2, 80), box.top + Math.min(box.height, 24));
  };
  const hide = () => { owner = null; tip.hidden = true; };
  const tipped = event => event.target instanceof Element ? event.target.closest('[data-tip]') : null;
  document.addEventListener('pointermove', event => {
    if (event.pointerType === 'touch') return;
    const target = tipped(event);
    if (target) show(target, event.clientX, event.clientY); else if (owner) hide();
  });
  document.addEventListener('pointerleave', hide);
  document.addEventListener('click', event => {
    const target = tipped(event);
    if (target) show(target, event.clientX, event.clientY); else hide();
  });
  document.addEventListener('focusin', event => {
    const target = tipped(event);
    if (!target || !target.matches(':focus-visible')) return;
    showAt(target);
  });
  document.addEventListener('focusout', hide);
  // What has the focus is often scrolled into view: its tip goes with it.
  document.addEventListener('scroll', () => {
    if (owner && owner === document.activeElement) showAt(owner); else if (owner) hide();
  }, true);
  document.addEventListener('keydown', event => { if (event.key === 'Escape') hide(); });

  // A link to a configuration opens it; printing opens nothing, so that paper is not wasted on what nobody opened.
  const open = () => {
    const target = location.hash.length > 1 && document.getElementById(decodeURIComponent(location.hash.slice(1)));
    if (target instanceof HTMLDetailsElement) { target.open = true; target.scrollIntoView(); }
  };
  addEventListener('hashchange', open);
  open();
})();
