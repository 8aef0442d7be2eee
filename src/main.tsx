import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { App } from './app/app';
import { openBenchmark } from './app/browser/open-benchmark';
import { openLabInBrowser } from './app/browser/open-lab';

const root = document.getElementById('root');
if (!root) throw new Error('The page has no element with the id root.');
const lab = openLabInBrowser();
createRoot(root).render(
  <StrictMode>
    <App lab={lab} benchmark={openBenchmark(lab)} />
  </StrictMode>,
);
