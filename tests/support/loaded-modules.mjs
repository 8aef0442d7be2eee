/** Preloaded with `node --import`: says on stderr which modules a program loads, besides Node's own. */
import { register } from 'node:module';

const hooks = `
  import { writeSync } from 'node:fs';
  export async function resolve(specifier, context, next) {
    const found = await next(specifier, context);
    if (!found.url.startsWith('node:')) writeSync(2, found.url + '\\n');
    return found;
  }
`;
register(`data:text/javascript,${encodeURIComponent(hooks)}`);
