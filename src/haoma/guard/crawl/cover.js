// Covers what may be a person's mobile in this document, and what nobody can look into; says where numbers stand.
// Returns [height in pixels, boxes by XPath as JSON, how much was covered unread, how much was left unread].
([most, tallest]) => {
  const WIDE = 44, HIGH = 8;  // the least that eleven digits can be read in
  const BLACK = '#000', HATCHED = 'repeating-linear-gradient(45deg,#777 0 6px,#aaa 6px 12px)';
  const covers = window[Symbol.for('haoma covers')] = window[Symbol.for('haoma covers')] || [];
  const plain = text => [...Array(text.length).keys()].map(n => {
    const made = text[n].normalize('NFKC');
    return made.length === 1 ? made : ' ';
  }).join('');
  const seam = '\u0001';  // where one text ends and the next begins: two numbers side by side are none of 22 digits
  const between = '[-\\s.·•・_()（）\\u2010-\\u2015\\u2212\\u00ad\\u200b-\\u200f\\u2060\\ufeff]';
  const gap = `${seam}*(?:${between}${seam}*){0,3}`;
  const form = `(?<![0-9])(?:(?:\\+|0${seam}*0)?${seam}*8${seam}*6${gap})?1${seam}*[3-9](?:${gap}[0-9]){9}(?![0-9])`;
  const mobile = new RegExp(form, 'g'), holds = text => new RegExp(form).test(plain(text));
  const digits = text => (plain(text).match(/[0-9]/g) || []).length;
  const lay = (box, colour) => {
    const cover = document.createElement('div'), at = cover.style;
    for (const [name, value] of Object.entries({all: 'initial', position: 'absolute', background: colour,
        'z-index': '2147483647', left: `${box.left + scrollX}px`, top: `${box.top + scrollY}px`,
        width: `${box.width}px`, height: `${box.height}px`})) at.setProperty(name, value, 'important');
    covers.push(document.documentElement.appendChild(cover));
  };
  const block = node => {
    let at = node.parentElement;
    while (at && getComputedStyle(at).display.startsWith('inline')) at = at.parentElement;
    return at || node.getRootNode();
  };
  const path = node => {
    const steps = [];
    for (let at = node; at; at = at.parentElement) {
      const name = at.localName, like = at.parentElement
        ? [...at.parentElement.children].filter(one => one.localName === name) : [at];
      steps.unshift(like.length > 1 ? `${name}[${like.indexOf(at) + 1}]` : name);
    }
    return '/' + steps.join('/');
  };
  const boxes = {};
  let counted = 0;
  const note = (element, box) => {
    const top = box.top + scrollY;
    if (counted >= most || !box.width || !box.height || top >= tallest) return;
    const where = path(element);
    if (where in boxes) return;
    boxes[where] = [box.left + scrollX, top, box.width, box.height].map(Math.round);
    counted += 1;
  };

  const roots = [document.documentElement];
  for (const root of roots)  // grows while it is walked
    for (const one of root.querySelectorAll('*')) if (one.shadowRoot && roots.length < 500) roots.push(one.shadowRoot);

  const still = !document.getAnimations().length;  // else what is faint now may be seen in the picture
  const halt = moving => {  // as Playwright does for the picture: else a number moves out from under its cover
    if (!moving.effect || moving.playbackRate === 0) return;
    if (Number.isFinite(moving.effect.getComputedTiming().endTime)) { moving.finish(); return; }
    moving.cancel();
    covers.push({remove: () => { try { moving.play(); } catch { /* one that runs backwards without end */ } }});
  };
  for (const root of [document, ...roots.slice(1)]) for (const moving of root.getAnimations()) halt(moving);
  for (const root of roots)
    for (const moving of root.querySelectorAll('marquee')) {
      moving.stop();
      covers.push({remove: () => moving.start()});
    }

  const read = root => {
    const walker = document.createTreeWalker(root, NodeFilter.SHOW_TEXT), nodes = [], starts = [];
    let text = '', last = null;
    while (walker.nextNode() && text.length < 1e6) {
      const node = walker.currentNode, said = plain(node.data), around = node.parentElement;
      if (!said.trim() || (around && !around.checkVisibility())) continue;
      const range = document.createRange();
      range.selectNodeContents(node);
      const room = range.getBoundingClientRect();
      if (room.width < 1 || room.height < 1 || room.right + scrollX < 0) continue;  // no reader sees it
      const within = block(node);
      text += within !== last ? '\n\n\n\n' : seam;
      last = within;
      nodes.push(node); starts.push(text.length); text += said;
      if (digits(said) < 3) continue;
      const style = around && getComputedStyle(around);
      if (around && root === document.documentElement) note(around, room);
      const turned = said.includes('\u202e') || (style && style.unicodeBidi.includes('override') && style.direction === 'rtl');
      if (turned && digits(said) > 6) for (const box of range.getClientRects()) lay(box, BLACK);
    }
    const spot = at => {
      const n = starts.findLastIndex(start => start <= at);
      return [nodes[n], Math.min(at - starts[n], nodes[n].data.length)];
    };
    for (const found of text.matchAll(mobile)) {
      const range = document.createRange(), end = spot(found.index + found[0].length - 1);
      range.setStart(...spot(found.index));
      range.setEnd(end[0], Math.min(end[1] + 1, end[0].data.length));
      for (const box of range.getClientRects()) lay(box, BLACK);
    }
  };
  for (const root of roots) read(root);

  const DRAWN = new Set(['canvas', 'video', 'object', 'embed', 'svg']);
  let unread = 0, left = 0;
  const look = element => {
    const box = element.getBoundingClientRect(), name = element.localName;
    if (name === 'img' && !element.complete) {  // it may come while the picture is taken
      const was = element.getAttribute('style');
      element.style.setProperty('visibility', 'hidden', 'important');
      covers.push({remove: () => was === null ? element.removeAttribute('style') : element.setAttribute('style', was)});
      left += 1;
      return;
    }
    if (box.width < 1 || box.height < 1) return;
    if (!element.checkVisibility({visibilityProperty: true, opacityProperty: still})) return;
    const style = getComputedStyle(element);
    const said = ['::before', '::after'].map(which => getComputedStyle(element, which).content).join(' ');
    const held = name === 'select' ? (element.selectedOptions[0] || {}).text : element.value || element.placeholder;
    if (holds(said) || (typeof held === 'string' && holds(held))) { lay(box, BLACK); return; }
    if (box.width < WIDE || box.height < HIGH) return;
    const image = name === 'img' || (name === 'input' && element.type === 'image');
    if (image && element.tagName === 'IMG' && !element.naturalWidth) {  // its text is shown in its place
      if (holds(element.alt)) lay(box, BLACK); else if (digits(element.alt) > 2) note(element, box);
      return;
    }
    if (image && digits(element.alt || '') > 6 && !holds(element.alt)) { note(element, box); left += 1; return; }
    const empty = !element.textContent.trim();
    const sealed = name.includes('-') && !element.shadowRoot && empty && !element.childElementCount;
    const behind = style.backgroundImage.includes('url(') || said.includes('url(');
    if (image || DRAWN.has(name) || sealed || (behind && empty)) { lay(box, HATCHED); unread += 1; }
    else if (behind) left += 1;
  };
  let looked = 0;
  for (const root of roots)
    for (const one of root.querySelectorAll('*')) {
      if (covers.includes(one) || (one.closest && one.parentElement && one.parentElement.closest('svg'))) continue;
      if ((looked += 1) > 30_000) break;
      look(one);
    }
  return [Math.ceil(document.documentElement.scrollHeight), JSON.stringify(boxes), unread, left];
}
