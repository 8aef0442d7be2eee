/**
 * The Content-Security-Policy of everything that is served: the page's meta element, the headers of Vite's servers, and the
 * `_headers` file that static hosts read are all made here.
 *
 * Scripts and workers are the site's own, and nothing else runs. Styles may be inline because Mantine writes its variables into a
 * style element; data may come from any address that a person names. Trusted Types are left out: Mantine writes that element
 * through innerHTML and Vite gives Worker a plain address, so that only a default policy which lets everything pass would do.
 */

/** @typedef {'built' | 'development'} Stage */

/** @type {Record<string, string[]>} */
const built = {
  'default-src': ["'self'"],
  'script-src': ["'self'"],
  'style-src': ["'self'", "'unsafe-inline'"],
  'img-src': ["'self'", 'data:', 'blob:'],
  'font-src': ["'self'", 'data:'],
  'connect-src': ["'self'", 'https:', 'http:'],
  'worker-src': ["'self'"],
  'object-src': ["'none'"],
  'base-uri': ["'none'"],
  'form-action': ["'none'"],
  'frame-ancestors': ["'none'"],
};

/** What hot reloading needs besides: its inline script, its socket, and the worker that waits for a server that restarts. */
const development = { 'script-src': ["'unsafe-inline'"], 'connect-src': ['ws:'], 'worker-src': ['blob:'] };

/** Directives that browsers heed in a header only. */
const headerOnly = ['frame-ancestors'];

/** @param {Stage} stage */
function directives(stage) {
  /** @type {Record<string, string[]>} */
  const more = stage === 'development' ? development : {};
  return Object.entries(built).map(([name, sources]) => [name, [...sources, ...(more[name] ?? [])].join(' ')]);
}

/** @param {(string | undefined)[][]} pairs */
const policy = (pairs) => pairs.map((pair) => pair.join(' ')).join('; ');

/**
 * Headers of every file: workers take their policy from the one of their own script.
 * @param {Stage} stage
 * @returns {Record<string, string>}
 */
export const policyHeaders = (stage) => ({ 'Content-Security-Policy': policy(directives(stage)) });

/**
 * The policy as a meta element can say it.
 * @param {Stage} stage
 */
export const metaPolicy = (stage) => policy(directives(stage).filter(([name = '']) => !headerOnly.includes(name)));

/** The headers for hosts that read them from a file: Netlify, Cloudflare Pages. */
export const headersFile = () =>
  `/*\n${Object.entries(policyHeaders('built'))
    .map(([name, value]) => `  ${name}: ${value}\n`)
    .join('')}`;

/**
 * Puts the policy into the page, beside the built site, and on what Vite serves.
 * @returns {import('vite').Plugin}
 */
export function contentPolicy() {
  return {
    name: 'tricklab-content-policy',
    config: () => ({
      server: { headers: policyHeaders('development') },
      preview: { headers: policyHeaders('built') },
    }),
    transformIndexHtml: (_, { server }) => [
      {
        tag: 'meta',
        attrs: { 'http-equiv': 'Content-Security-Policy', content: metaPolicy(server ? 'development' : 'built') },
        injectTo: 'head-prepend',
      },
    ],
    generateBundle() {
      this.emitFile({ type: 'asset', fileName: '_headers', source: headersFile() });
    },
  };
}
