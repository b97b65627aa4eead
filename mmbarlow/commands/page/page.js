'use strict';
(() => {
  const holder = document.getElementById('map');
  if (!holder) return;
  const data = JSON.parse(document.getElementById('map-data').textContent);
  const svg = holder.querySelector('svg'), tip = document.getElementById('tip');
  const keys = document.getElementById('keys');
  const hue = (k) => {
    const angle = Math.round((k * 360) / data.classes.length);
    return `hsl(${angle} 64% calc(var(--tone) + ${k % 2 ? 9 : -5}%))`;
  };
  const make = (name) => document.createElementNS(svg.namespaceURI, name);
  const radius = data.names.length > 800 ? 4 : 5.5;
  const points = data.names.map((_, i) => {
    const point = make('circle');
    point.setAttribute('cx', data.x[i]);
    point.setAttribute('cy', data.y[i]);
    point.setAttribute('r', radius);
    point.style.setProperty('--c', hue(data.groups[i]));
    svg.append(point);
    return point;
  });
  const hidden = new Set();
  let at = -1;

  const show = (i) => {
    if (at >= 0) points[at].classList.remove('at');
    at = i;
    tip.hidden = i < 0;
    if (i < 0) return;
    points[i].classList.add('at');
    svg.append(points[i]);
    const [picture, label, , name] = tip.children, rows = Math.ceil(data.names.length / data.columns);
    picture.style.backgroundSize = `${110 * data.columns}px ${110 * rows}px`;
    picture.style.backgroundPosition = `${-110 * (i % data.columns)}px ${-110 * Math.floor(i / data.columns)}px`;
    label.textContent = data.classes[data.groups[i]];
    name.textContent = data.names[i];
    const box = svg.getBoundingClientRect(), own = holder.getBoundingClientRect();
    const left = box.left - own.left + (data.x[i] / 1000) * box.width;
    const top = box.top - own.top + (data.y[i] / data.height) * box.height;
    tip.style.left = `${Math.max(0, Math.min(left + 14, own.width - tip.offsetWidth))}px`;
    tip.style.top = `${Math.max(0, top > own.height / 2 ? top - tip.offsetHeight - 14 : top + 14)}px`;
  };
  const nearest = (event) => {
    const box = svg.getBoundingClientRect(), scale = 1000 / box.width;
    const x = (event.clientX - box.left) * scale, y = (event.clientY - box.top) * scale;
    let best = -1, least = 30 * 30;
    for (let i = 0; i < points.length; i++) {
      const distance = (data.x[i] - x) ** 2 + (data.y[i] - y) ** 2;
      if (distance < least && !hidden.has(data.groups[i])) [best, least] = [i, distance];
    }
    return best;
  };
  svg.addEventListener('pointermove', (event) => { const i = nearest(event); if (i !== at) show(i); });
  svg.addEventListener('pointerdown', (event) => show(nearest(event)));
  svg.addEventListener('pointerleave', () => show(-1));
  svg.addEventListener('blur', () => show(-1));
  svg.addEventListener('keydown', (event) => {
    const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
    if (!step) return;
    event.preventDefault();
    for (let n = 0, i = at; n < points.length; n++) {
      i = (i + step + points.length) % points.length;
      if (!hidden.has(data.groups[i])) return show(i);
    }
  });
  data.classes.forEach((name, k) => {
    const button = document.createElement('button');
    button.type = 'button';
    button.textContent = name;
    button.style.setProperty('--c', hue(k));
    button.setAttribute('aria-pressed', 'true');
    button.addEventListener('click', () => {
      hidden.has(k) ? hidden.delete(k) : hidden.add(k);
      button.setAttribute('aria-pressed', String(!hidden.has(k)));
      points.forEach((point, i) => point.classList.toggle('off', hidden.has(data.groups[i])));
    });
    keys.append(button);
  });
})();
for (const use of document.querySelectorAll('.use')) {
  const button = document.createElement('button');
  button.type = 'button';
  button.textContent = 'Copy';
  button.addEventListener('click', async () => {
    const code = use.querySelector('pre');
    try {
      await navigator.clipboard.writeText(code.textContent);
      button.textContent = 'Copied';
    } catch {
      getSelection().selectAllChildren(code);
      button.textContent = 'Selected';
    }
  });
  use.querySelector('header').append(button);
}
