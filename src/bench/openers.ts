/** The contenders that the page has too. jax-js is a rival for developers only: cli/bench-page.ts opens it. */

export const openOurs = (): Worker => new Worker(new URL('./ours.worker.ts', import.meta.url), { type: 'module' });

export const openStock = (): Worker => new Worker(new URL('./stock.worker.ts', import.meta.url), { type: 'module' });
