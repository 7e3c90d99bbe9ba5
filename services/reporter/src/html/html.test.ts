import { expect, test } from 'vitest';
import { Html, html } from './html.js';

test('escapes values in text and in quoted attributes, and leaves nested Html alone', () => {
  const hostile = `"><script>alert('x')</script>&`;
  const inner = html`<b>${hostile}</b>`;
  expect(html`<p title="${hostile}">${inner}</p>`.text).toBe(
    '<p title="&quot;&gt;&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;&amp;">' +
      '<b>&quot;&gt;&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;&amp;</b></p>',
  );
});

test('joins lists, leaves out what is not there, keeps zero', () => {
  expect(html`${[html`<i>${0}</i>`, null, undefined, false, 'a<b']}`.text).toBe('<i>0</i>a&lt;b');
  expect(new Html('<br>').text).toBe('<br>');
});
