/** The tensor layer of a rival that has not all of it. */
import type { Layers } from '../engine/ops';

/** What the rival lacks says so when a model asks for it. */
export const lackingLayers = <T>(rival: string, layers: Partial<Layers<T>>): Layers<T> =>
  new Proxy(layers, {
    get(known, name) {
      const layer: unknown = Reflect.get(known, name);
      if (layer) return layer;
      return () => {
        throw new Error(`${rival} has no ${String(name)} here, so it can't train this network.`);
      };
    },
  }) as Layers<T>;
