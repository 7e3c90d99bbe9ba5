import { expect, it } from 'vitest';
import { companyKeyOf } from './company-key.js';

it('one company is one key under all its Pipedrive hosts; a test host has ids of its own', () => {
  const keys = ['https://acme.pipedrive.com', 'https://api.pipedrive.com', 'http://127.0.0.1:4100'].map(
    (url) => companyKeyOf(new URL(url), '12'),
  );
  expect(keys).toEqual(['pipedrive.com#12', 'pipedrive.com#12', '127.0.0.1:4100#12']);
});
