/**
 * What `/console/live.js` is: the only script of the console, on pages of runs that go on. It hears from the page's event
 * stream that there is something new, fetches the page as it was fetched at first, and carries over what differs, node by
 * node: whatever has not changed keeps its focus, its place and its selection. Without scripts the page renews itself.
 */
export const liveScript = `'use strict';
const everyMs = 1000;
const tryAgainMs = 5000;
const main = document.querySelector('main');
const said = document.getElementById('said');
const stream = new EventSource(main.dataset.events + '?seen=' + encodeURIComponent(main.dataset.version));
let fetching = false;
let isBehind = false;

stream.addEventListener('page', renew);
stream.addEventListener('end', () => {
  stream.close();
  renew();
});
// The browser comes again by itself, unless it was refused: signed out, or as many streams are open as may be.
stream.addEventListener('error', () => {
  if (stream.readyState === EventSource.CLOSED) setTimeout(() => location.reload(), tryAgainMs);
});
// Nobody looks at a hidden page; it catches up when somebody does.
document.addEventListener('visibilitychange', () => {
  if (isBehind) renew();
});

async function renew() {
  isBehind = true;
  if (fetching || document.hidden) return;
  fetching = true;
  while (isBehind && !document.hidden) {
    isBehind = false;
    const answer = await fetch(location.href, { redirect: 'manual', cache: 'no-store' }).catch(() => undefined);
    if (answer && answer.ok) show(new DOMParser().parseFromString(await answer.text(), 'text/html'));
    else if (answer && (answer.type === 'opaqueredirect' || answer.status < 500)) return location.reload();
    else isBehind = true;
    await new Promise((resolve) => setTimeout(resolve, answer && answer.ok ? everyMs : tryAgainMs));
  }
  fetching = false;
}

function show(fresh) {
  const heading = headingOf(document);
  document.title = fresh.title;
  renewNode(main, fresh.querySelector('main'));
  // Figures change all the time: only what the run does is read out.
  if (headingOf(document) !== heading) said.textContent = headingOf(document);
  if (main.dataset.events === undefined) stream.close();
}

function headingOf(page) {
  return page.querySelector('h1').textContent;
}

function renewNode(old, fresh) {
  if (old.isEqualNode(fresh)) return;
  if (old.nodeName !== fresh.nodeName) return old.replaceWith(fresh);
  if (old.nodeType === Node.TEXT_NODE) {
    old.data = fresh.data;
    return;
  }
  for (const { name } of [...old.attributes]) if (!fresh.hasAttribute(name)) old.removeAttribute(name);
  for (const { name, value } of fresh.attributes) if (old.getAttribute(name) !== value) old.setAttribute(name, value);
  renewChildren(old, fresh);
}

/** Children with an id are the same wherever they stand, others those in the same place. */
function renewChildren(old, fresh) {
  let next = old.firstChild;
  for (const wanted of [...fresh.childNodes]) {
    const same = wanted.id ? [...old.children].find(({ id }) => id === wanted.id) : next && !next.id ? next : undefined;
    if (!same) {
      old.insertBefore(wanted, next);
      continue;
    }
    while (next !== same) next = removed(next);
    next = same.nextSibling;
    renewNode(same, wanted);
  }
  while (next) next = removed(next);
}

function removed(node) {
  const next = node.nextSibling;
  node.remove();
  return next;
}
`;
