/** Zeros that look like success: what a shader leaves that did not run, or a device that was lost unheard. */

/** True where nothing was lost on images that are not all right, which no network can have. top1 in [0, 1]. */
export const isImpossible = (loss: number, top1: number): boolean => loss === 0 && top1 < 1;

export const IMPOSSIBLE_LOSS =
  'The loss came back as exactly 0 although not every image was classified correctly, which no network can have: this device did not compute. ' +
  'Reload the page; if it stays, restart the browser or train on another device.';
