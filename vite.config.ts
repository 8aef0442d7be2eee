import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';
import { contentPolicy } from './scripts/content-policy.mjs';

export default defineConfig({
  // Relative paths: the built site works from any sub-folder of any static host.
  base: './',
  plugins: [react(), contentPolicy()],
  worker: { format: 'es' },
  build: { target: 'es2023' },
});
