// vitest's globalSetup: whoever ran the compiler alone still tests what it wrote.
export { bundlePrograms as setup } from './bundle.mjs';
